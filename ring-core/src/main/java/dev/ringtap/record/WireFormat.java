package dev.ringtap.record;

import java.nio.ByteBuffer;

/**
 * How a record tells its schema. A registry's: a zero byte and the schema's number, four bytes, big
 * end first. Avro's single-object encoding: C3 01 and the schema's 64-bit fingerprint, little end
 * first. The record's own bytes follow.
 */
public enum WireFormat {
  /** Magic byte 0 and a number. */
  REGISTRY(5),
  /** C3 01 and a fingerprint. */
  SINGLE_OBJECT(10),
  /** Neither. */
  UNKNOWN(0);

  private final int headerBytes;

  WireFormat(int headerBytes) {
    this.headerBytes = headerBytes;
  }

  /** The format of a value, which may be null. */
  public static WireFormat of(byte[] value) {
    if (value != null && value.length >= REGISTRY.headerBytes && value[0] == 0) {
      return REGISTRY;
    }
    boolean isSingleObject =
        value != null
            && value.length >= SINGLE_OBJECT.headerBytes
            && value[0] == (byte) 0xC3
            && value[1] == 1;
    return isSingleObject ? SINGLE_OBJECT : UNKNOWN;
  }

  /** Bytes before the record's own. */
  public int headerBytes() {
    return headerBytes;
  }

  /** What stands before the bytes of a record whose schema has this number in the registry. */
  public static byte[] registryHeader(int schemaId) {
    return ByteBuffer.allocate(REGISTRY.headerBytes).put((byte) 0).putInt(schemaId).array();
  }

  /** The schema's number in a value of the registry's format. */
  public static int schemaId(byte[] value) {
    return ByteBuffer.wrap(value).getInt(1);
  }
}
