package dev.ringtap.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * The value of PACKET_FANOUT, from {@code <linux/if_packet.h>}, as little-endian machines have it:
 *
 * <pre>{@code
 * struct fanout_args {
 *   __u16 id;
 *   __u16 type_flags;
 *   __u32 max_num_members;   // since Linux 5.11; before that the value ends here
 * };
 * }</pre>
 */
final class FanoutArgs {
  static final int BYTES = 8;

  static final long ID = 0;
  static final long TYPE_FLAGS = 2;
  static final long MAX_NUM_MEMBERS = 4;

  private FanoutArgs() {}

  static void write(MemorySegment args, int id, int typeFlags, int maxNumMembers) {
    args.set(JAVA_SHORT, ID, (short) id);
    args.set(JAVA_SHORT, TYPE_FLAGS, (short) typeFlags);
    args.set(JAVA_INT, MAX_NUM_MEMBERS, maxNumMembers);
  }
}
