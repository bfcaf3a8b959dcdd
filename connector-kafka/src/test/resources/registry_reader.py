"""Reads a topic whose values carry a registry's schema number, with Apache Avro for Python and nothing of Ringtap.

Usage: registry_reader.py REGISTRY_URL TOPIC_DUMP
TOPIC_DUMP is what kcat writes with -D '' -f '%R%s': the value's length in 32 bits, the value. Prints how many packets
the records hold, how many schemas the registry was asked for, and the SHA-256 of each packet's timestamp (64 bits, big
end first) and payload.
"""

import hashlib
import io
import json
import struct
import sys
import urllib.request

import avro.io
import avro.schema


def schema_of(url, number):
    with urllib.request.urlopen("%s/schemas/ids/%d" % (url, number), timeout=10) as answer:
        return avro.schema.parse(json.load(answer)["schema"])


def main(url, topic_file):
    readers = {}
    digest = hashlib.sha256()
    data = open(topic_file, "rb").read()
    at = records = packets = 0
    while at < len(data):
        (length,) = struct.unpack_from(">i", data, at)
        value = data[at + 4 : at + 4 + length]
        at += 4 + length
        magic, number = struct.unpack_from(">bi", value)
        if magic != 0:
            raise ValueError("record %d begins with %d" % (records, magic))
        if number not in readers:
            readers[number] = avro.io.DatumReader(schema_of(url, number))
        body = io.BytesIO(value[5:])
        record = readers[number].read(avro.io.BinaryDecoder(body))
        if body.read(1):
            raise ValueError("bytes behind record %d" % records)
        for packet in record.get("packets", [record]):
            digest.update(struct.pack(">q", packet["timestamp"]) + packet["payload"])
            packets += 1
        records += 1
    print("%d packets, %d schemas, %s" % (packets, len(readers), digest.hexdigest()))


if __name__ == "__main__":
    main(*sys.argv[1:])
