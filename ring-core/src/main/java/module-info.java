/**
 * The reader of Linux's packet ring (AF_PACKET, TPACKET_V3): socket, ring, block, frame, Avro
 * record.
 *
 * <p>{@code dev.ringtap.linux} holds every native call and is not exported.
 */
module dev.ringtap.core {
  requires transitive org.apache.avro;

  exports dev.ringtap.capture;
  exports dev.ringtap.file;
  exports dev.ringtap.filter;
  exports dev.ringtap.lab;
  exports dev.ringtap.packet;
  exports dev.ringtap.record;
}
