package dev.ringtap.kafka.agent;

import org.apache.kafka.clients.producer.ProducerRecord;

/** Takes the records that a writer makes of frames. */
interface RecordSender {
  /** Sends a record that stands for this many frames. It may wait, and does not throw. */
  void send(ProducerRecord<byte[], byte[]> record, int frames);
}
