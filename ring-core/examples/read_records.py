"""Prints the packets of a topic as JSON, one line each, with Apache Avro for Python and nothing of Ringtap.

Usage: kcat -C -e -q -b HOST:PORT -t TOPIC -D '' -f '%R%s' | read_records.py SCHEMA_DIRECTORY
SCHEMA_DIRECTORY holds Packet.avsc and PacketBatch.avsc. kcat writes each value after its length in 32 bits.
"""

import datetime
import io
import json
import struct
import sys

import avro.io
import avro.schema

directory = sys.argv[1]
packet_avsc = open(directory + "/Packet.avsc").read()
batch_avsc = open(directory + "/PacketBatch.avsc").read()

# PacketBatch.avsc uses types of Packet.avsc: parse both as one union
packet, batch = avro.schema.parse("[%s, %s]" % (packet_avsc, batch_avsc)).schemas
READERS = {
    bytes.fromhex("c301cb485aea5df367f5"): avro.io.DatumReader(packet),
    bytes.fromhex("c301c0b237ff23cc3e28"): avro.io.DatumReader(batch),
}


def packets(value):
    reader = READERS.get(value[:10])
    if reader is None:
        raise ValueError("unknown schema or encoding: " + value[:10].hex())
    record = reader.read(avro.io.BinaryDecoder(io.BytesIO(value[10:])))
    if "packets" not in record:
        return [record]
    shared = {name: record[name] for name in ("host", "captureStart", "member")}
    return [{**shared, **item} for item in record["packets"]]


def text(value):
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.hex()


def main():
    while length := sys.stdin.buffer.read(4):
        for record in packets(sys.stdin.buffer.read(struct.unpack(">I", length)[0])):
            print(json.dumps(record, default=text))


if __name__ == "__main__":
    main()
