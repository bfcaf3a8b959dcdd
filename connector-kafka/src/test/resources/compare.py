"""Holds a topic against tcpdump's file of the same wire, with Apache Avro for Python.

Usage: compare.py SCHEMA TOPIC_DUMP TCPDUMP_FILE
TOPIC_DUMP is what kcat writes with -D '' -f '%T %R%s': the record's time in ms, a blank, the value's length in 32
bits, the value. TCPDUMP_FILE is a pcap with nanoseconds. Prints the number of equal frames; exits 1 on a difference.
"""

import io
import struct
import sys

import avro.io
import avro.schema

PCAP_NANOSECONDS = 0xA1B23C4D
SINGLE_OBJECT_HEADER_BYTES = 10


def topic_records(path, schema):
    reader = avro.io.DatumReader(schema)
    data = open(path, "rb").read()
    at = 0
    while at < len(data):
        blank = data.index(b" ", at)
        millis = int(data[at:blank])
        (length,) = struct.unpack_from(">I", data, blank + 1)
        value = data[blank + 5 : blank + 5 + length]
        at = blank + 5 + length
        if value[:2] != b"\xc3\x01":
            raise ValueError("no single-object encoding at byte %d" % at)
        body = io.BytesIO(value[SINGLE_OBJECT_HEADER_BYTES:])
        record = reader.read(avro.io.BinaryDecoder(body))
        if body.read(1):
            raise ValueError("bytes behind the record at byte %d" % at)
        yield millis, record


def tcpdump_frames(path):
    data = open(path, "rb").read()
    if struct.unpack_from("<I", data)[0] != PCAP_NANOSECONDS:
        raise ValueError("%s is no pcap with nanoseconds" % path)
    at = 24
    while at < len(data):
        seconds, nanos, captured, original = struct.unpack_from("<IIII", data, at)
        yield seconds * 10**9 + nanos, original, data[at + 16 : at + 16 + captured]
        at += 16 + captured


def vlan(frame):
    if len(frame) < 16:
        return None
    tpid, tci = struct.unpack_from(">HH", frame, 12)
    if tpid not in (0x8100, 0x88A8, 0x9100):
        return None
    return {"tpid": tpid, "id": tci & 0xFFF, "priority": tci >> 13, "dropEligible": bool(tci & 0x1000)}


def main(schema_file, topic_file, pcap_file):
    schema = avro.schema.parse(open(schema_file).read())
    ours = list(topic_records(topic_file, schema))
    theirs = list(tcpdump_frames(pcap_file))
    if len(ours) != len(theirs):
        sys.exit("%d records in the topic, %d frames in tcpdump's file" % (len(ours), len(theirs)))
    for number, ((millis, record), (nanos, original, frame)) in enumerate(zip(ours, theirs)):
        differences = [
            name
            for name, equal in (
                ("payload", record["payload"] == frame),
                ("originalLength", record["originalLength"] == original),
                ("timestamp", abs(record["timestamp"] - nanos) < 10**6),
                ("record time", millis == record["timestamp"] // 10**6),
                ("sequence", record["sequence"] == number),
                ("lostBefore", record["lostBefore"] == 0),
                ("vlan", record["vlan"] == vlan(frame)),
                ("linkType", record["linkType"] == 1),
            )
            if not equal
        ]
        if differences:
            sys.exit("frame %d differs in %s:\n%r\n%r" % (number, differences, record, (nanos, original, frame)))
    print("%d frames equal" % len(ours))


if __name__ == "__main__":
    main(*sys.argv[1:])
