package dev.ringtap.capture;

import dev.ringtap.linux.Errno;
import dev.ringtap.linux.Ifreq;
import dev.ringtap.linux.Libc;
import dev.ringtap.linux.LinuxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A network interface of the calling thread's network namespace, as it was when asked.
 *
 * @param name its name
 * @param index its number in the kernel
 * @param isUp whether it is set up
 * @param isRunning whether its link works
 * @param isLoopback whether it is the loopback
 * @param isPromiscuous whether somebody set its promiscuous flag by hand; memberships do not show
 * @param mtuBytes most bytes of a packet behind the layer-2 header
 * @param hardwareType the kernel's ARPHRD_ number
 */
public record CaptureInterface(
    String name,
    int index,
    boolean isUp,
    boolean isRunning,
    boolean isLoopback,
    boolean isPromiscuous,
    int mtuBytes,
    int hardwareType) {
  private static final int ARPHRD_ETHER = 1;
  private static final int ARPHRD_LOOPBACK = 772;

  /** The interfaces in the order of their index. */
  public static List<CaptureInterface> list() throws CaptureException {
    NativeAccess.require();
    try {
      List<CaptureInterface> all = new ArrayList<>();
      for (Map.Entry<String, Integer> entry : Libc.interfaceIndexes().entrySet()) {
        try {
          all.add(describe(entry.getKey(), entry.getValue()));
        } catch (LinuxException e) {
          if (e.errno() != Errno.ENODEV) {
            throw e;
          }
          // removed since it was listed
        }
      }
      return all;
    } catch (LinuxException e) {
      throw new CaptureException(CaptureException.Reason.SYSTEM, e.getMessage(), e);
    }
  }

  /**
   * The interface of that name.
   *
   * @throws CaptureException if there is none; the message lists those that exist
   */
  public static CaptureInterface named(String name) throws CaptureException {
    List<CaptureInterface> all = list();
    return all.stream()
        .filter(each -> each.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new CaptureException(
                    CaptureException.Reason.NO_SUCH_INTERFACE,
                    "no interface is named '"
                        + name
                        + "'; there are: "
                        + all.stream()
                            .map(CaptureInterface::name)
                            .collect(Collectors.joining(", "))));
  }

  private static CaptureInterface describe(String name, int index) throws LinuxException {
    int flags = Ifreq.flags(name);
    return new CaptureInterface(
        name,
        index,
        (flags & Ifreq.IFF_UP) != 0,
        (flags & Ifreq.IFF_RUNNING) != 0,
        (flags & Ifreq.IFF_LOOPBACK) != 0,
        (flags & Ifreq.IFF_PROMISC) != 0,
        Ifreq.mtu(name),
        Ifreq.hardwareType(name));
  }

  /**
   * LINKTYPE value of this interface's frames.
   *
   * @throws CaptureException if this reader does not know their header
   */
  public int linkType() throws CaptureException {
    if (!canCapture()) {
      throw new CaptureException(
          CaptureException.Reason.UNSUPPORTED_LINK,
          name
              + " has hardware type "
              + hardwareType
              + "; only Ethernet ("
              + ARPHRD_ETHER
              + ") and loopback ("
              + ARPHRD_LOOPBACK
              + ") are captured");
    }
    return LinkType.ETHERNET;
  }

  /** Whether this reader knows the header that the interface's frames begin with. */
  public boolean canCapture() {
    return hardwareType == ARPHRD_ETHER || hardwareType == ARPHRD_LOOPBACK;
  }

  /**
   * Offloads that are on and make one ring entry out of many wire frames, in ethtool's short names:
   * gro, lro on the way in; tso, gso on the way out. What the driver does not tell is left out.
   */
  public List<String> superFrameOffloads() throws CaptureException {
    List<String> on = new ArrayList<>();
    addIf(on, "gro", Ifreq.ETHTOOL_GGRO, 1);
    addIf(on, "lro", Ifreq.ETHTOOL_GFLAGS, Ifreq.ETH_FLAG_LRO);
    addIf(on, "tso", Ifreq.ETHTOOL_GTSO, 1);
    addIf(on, "gso", Ifreq.ETHTOOL_GGSO, 1);
    return on;
  }

  private void addIf(List<String> on, String offload, int command, int mask)
      throws CaptureException {
    try {
      if ((Ifreq.ethtool(name, command) & mask) != 0) {
        on.add(offload);
      }
    } catch (LinuxException e) {
      if (e.errno() != Errno.EOPNOTSUPP) {
        throw new CaptureException(CaptureException.Reason.SYSTEM, e.getMessage(), e);
      }
    }
  }
}
