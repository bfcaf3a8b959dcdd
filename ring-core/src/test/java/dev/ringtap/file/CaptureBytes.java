package dev.ringtap.file;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Builds capture files byte by byte, right ones and wrong ones. */
final class CaptureBytes {
  private final ByteBuffer buffer;
  private int blockStart;

  CaptureBytes(ByteOrder order) {
    buffer = ByteBuffer.allocate(4 << 20).order(order);
  }

  CaptureBytes pcapHeader(int magic, int major, int minor, int snapLength, int linkField) {
    buffer.putInt(magic).putShort((short) major).putShort((short) minor).putInt(0).putInt(0);
    buffer.putInt(snapLength).putInt(linkField);
    return this;
  }

  CaptureBytes pcapRecord(int seconds, int fraction, int first, int second, byte[] payload) {
    buffer.putInt(seconds).putInt(fraction).putInt(first).putInt(second).put(payload);
    return this;
  }

  CaptureBytes begin(int type) {
    blockStart = buffer.position();
    buffer.putInt(type).putInt(0);
    return this;
  }

  CaptureBytes end() {
    int length = buffer.position() + 4 - blockStart;
    buffer.putInt(length).putInt(blockStart + 4, length);
    return this;
  }

  CaptureBytes order(ByteOrder order) {
    buffer.order(order);
    return this;
  }

  CaptureBytes u8(int value) {
    buffer.put((byte) value);
    return this;
  }

  CaptureBytes u16(int value) {
    buffer.putShort((short) value);
    return this;
  }

  /** 16 bits that are big-endian in a file of either order. */
  CaptureBytes network16(int value) {
    return u8(value >>> 8).u8(value);
  }

  CaptureBytes u32(int value) {
    buffer.putInt(value);
    return this;
  }

  CaptureBytes u64(long value) {
    buffer.putLong(value);
    return this;
  }

  /** The bytes and nothing after them. */
  CaptureBytes raw(byte[] value) {
    buffer.put(value);
    return this;
  }

  CaptureBytes bytes(byte[] value) {
    buffer.put(value);
    while (buffer.position() % 4 != 0) {
      buffer.put((byte) 0);
    }
    return this;
  }

  CaptureBytes option(int code, String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    return u16(code).u16(utf8.length).bytes(utf8);
  }

  CaptureBytes section() {
    return begin(0x0A0D0D0A).u32(0x1A2B3C4D).u16(1).u16(0).u64(-1).end();
  }

  CaptureBytes interfaceBlock(int linkType, int snapLength) {
    return begin(1).u16(linkType).u16(0).u32(snapLength).end();
  }

  CaptureBytes beginPacket(int interfaceId, long units, byte[] payload, int originalLength) {
    return begin(6)
        .u32(interfaceId)
        .u32((int) (units >>> 32))
        .u32((int) units)
        .u32(payload.length)
        .u32(originalLength)
        .bytes(payload);
  }

  CaptureBytes packet(int interfaceId, long units, byte[] payload) {
    return beginPacket(interfaceId, units, payload, payload.length).end();
  }

  byte[] toBytes() {
    byte[] all = new byte[buffer.position()];
    buffer.get(0, all);
    return all;
  }
}
