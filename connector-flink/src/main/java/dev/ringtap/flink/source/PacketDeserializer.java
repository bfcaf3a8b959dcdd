package dev.ringtap.flink.source;

import dev.ringtap.capture.Frame;
import java.io.Serializable;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.jspecify.annotations.Nullable;

/**
 * Makes an element of the stream out of a frame, on the task's thread. Ready ones are {@link
 * PacketRecordDeserializer} and {@link AvroBytesDeserializer}.
 *
 * <pre>{@code
 * class Lengths implements PacketDeserializer<Integer> {
 *   public Integer deserialize(Frame frame) {
 *     return frame.originalLength();
 *   }
 *
 *   public TypeInformation<Integer> getProducedType() {
 *     return Types.INT;
 *   }
 * }
 * }</pre>
 *
 * <p>It travels with the job and so must be serializable; each reader has one of its own and calls
 * it from one thread.
 *
 * @param <T> element of the stream
 */
public interface PacketDeserializer<T> extends Serializable, ResultTypeQueryable<T> {
  /** Called once in the reader, before the first frame: for what cannot travel with the job. */
  default void open() {}

  /**
   * Makes an element.
   *
   * @param frame a view into the ring, good until this returns: copy what the element needs
   * @return the element, or null to leave the frame out of the stream; it counts as emitted
   */
  @Nullable T deserialize(Frame frame);

  /** The type of the elements. */
  @Override
  TypeInformation<T> getProducedType();
}
