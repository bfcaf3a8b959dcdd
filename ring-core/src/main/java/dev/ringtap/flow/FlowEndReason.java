package dev.ringtap.flow;

/** Why a flow ended: IPFIX's flowEndReason (information element 136), in its order. */
public enum FlowEndReason {
  /** No frame came for the idle time-out. */
  IDLE_TIMEOUT,
  /** It went on for longer than the active time-out; the next record continues it. */
  ACTIVE_TIMEOUT,
  /** TCP's end was seen: FIN both ways, RST, or a SYN that opens another connection. */
  END_OF_FLOW,
  /** The capture ended, or its clock was set back. */
  FORCED_END,
  /** The table was full: the flow without a frame for longest made room for another. */
  LACK_OF_RESOURCES
}
