package dev.ringtap.capture;

import dev.ringtap.linux.LinuxException;
import dev.ringtap.linux.PacketSocket;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Names of the interfaces behind the frames of an {@code any} capture. The kernel is asked once for
 * each interface; the name that it had then stays. Thread-safe.
 */
final class InterfaceNames {
  private final PacketSocket socket;
  private final Map<Integer, String> names = new ConcurrentHashMap<>();

  InterfaceNames(PacketSocket socket) {
    this.socket = socket;
  }

  String of(int ifindex) {
    String known = names.get(ifindex);
    if (known == null) {
      known = names.computeIfAbsent(ifindex, this::ask);
    }
    return known;
  }

  private String ask(int ifindex) {
    try {
      return socket.interfaceName(ifindex);
    } catch (LinuxException e) {
      // removed before its first frame was read; an interface number is not given out again soon
      return CaptureInterface.ANY;
    }
  }
}
