package dev.ringtap.capture;

import static java.util.Map.entry;

import dev.ringtap.linux.Errno;
import dev.ringtap.linux.Ifreq;
import dev.ringtap.linux.Libc;
import dev.ringtap.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A network interface of the calling thread's network namespace, as it was when asked, or {@link
 * #ANY}.
 *
 * @param name its name
 * @param index its number in the kernel; 0 for {@link #ANY}
 * @param isUp whether it is set up
 * @param isRunning whether its link works
 * @param isLoopback whether it is the loopback
 * @param isPromiscuous whether somebody set its promiscuous flag by hand; memberships do not show
 * @param mtuBytes most bytes of a packet after the layer-2 header; 0 for {@link #ANY}
 * @param hardwareType the kernel's ARPHRD_ number; -1 for {@link #ANY}
 * @param switchTag which tag a switch chip puts into each frame of this interface, its conduit, as
 *     the kernel's DSA names it; {@value #NO_SWITCH_TAG} if there is no such chip
 */
public record CaptureInterface(
    String name,
    int index,
    boolean isUp,
    boolean isRunning,
    boolean isLoopback,
    boolean isPromiscuous,
    int mtuBytes,
    int hardwareType,
    String switchTag) {
  /** What {@link #switchTag} is without a switch chip. */
  public static final String NO_SWITCH_TAG = "none";

  /** As libpcap's {@code dsa_protos}. */
  private static final Map<String, Integer> SWITCH_TAG_LINK_TYPES =
      Map.of(
          NO_SWITCH_TAG,
          LinkType.ETHERNET,
          "brcm",
          LinkType.DSA_TAG_BRCM,
          "brcm-prepend",
          LinkType.DSA_TAG_BRCM_PREPEND,
          "dsa",
          LinkType.DSA_TAG_DSA,
          "edsa",
          LinkType.DSA_TAG_EDSA);

  private static final int ETHERNET_HEADER_BYTES = 14;

  /** In place of a name: all interfaces at once, also those that come later; never promiscuous. */
  public static final String ANY = "any";

  /**
   * LINKTYPE values by ARPHRD_ number ({@code <linux/if_arp.h>}) as libpcap's {@code
   * map_arphrd_to_dlt} has them, as far as a raw socket's bytes are that link type as they are.
   */
  private static final Map<Integer, Integer> RAW_LINK_TYPES =
      Map.ofEntries(
          entry(1, LinkType.ETHERNET), // ETHER
          entry(23, LinkType.ETHERNET), // METRICOM
          entry(772, LinkType.ETHERNET), // LOOPBACK
          entry(0xFFFE, LinkType.RAW_IP), // NONE, as TUN and WireGuard have it
          entry(768, LinkType.RAW_IP), // TUNNEL, which is IPIP
          entry(776, LinkType.RAW_IP), // SIT
          entry(256, LinkType.RAW_IP), // SLIP
          entry(257, LinkType.RAW_IP), // CSLIP
          entry(258, LinkType.RAW_IP), // SLIP6
          entry(259, LinkType.RAW_IP), // CSLIP6
          entry(264, LinkType.RAW_IP), // ADAPT
          entry(15, LinkType.RAW_IP), // DLCI
          entry(518, LinkType.RAW_IP), // RAWHDLC
          entry(801, LinkType.IEEE802_11), // IEEE80211
          entry(802, LinkType.IEEE802_11_PRISM), // IEEE80211_PRISM
          entry(803, LinkType.IEEE802_11_RADIOTAP)); // IEEE80211_RADIOTAP

  /** Those whose own header differs from device to device, so that libpcap captures them cooked. */
  private static final Map<Integer, Integer> COOKED_LINK_TYPES =
      Map.of(
          512, LinkType.LINUX_SLL, // PPP
          19, LinkType.LINUX_SLL, // ATM
          824, LinkType.NETLINK); // NETLINK

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
   * The interface of that name; {@link #ANY} always exists.
   *
   * @throws CaptureException if there is none; the message lists those that exist
   */
  public static CaptureInterface named(String name) throws CaptureException {
    List<CaptureInterface> all = list();
    if (name.equals(ANY)) {
      return new CaptureInterface(ANY, 0, true, true, false, false, 0, -1, NO_SWITCH_TAG);
    }
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
        Ifreq.hardwareType(name),
        NamespaceThread.isCurrent()
            ? NO_SWITCH_TAG
            : switchTag(Path.of("/sys/class/net", name, "dsa", "tagging")));
  }

  /** The file is there since Linux 4.20, if the interface is a switch chip's conduit. */
  static String switchTag(Path tagging) {
    try {
      return Files.readString(tagging).strip();
    } catch (IOException e) {
      return NO_SWITCH_TAG;
    }
  }

  /** Whether this stands for all interfaces. */
  public boolean isAny() {
    return index == 0;
  }

  /** LINKTYPE value of the payloads that a capture on this interface delivers. */
  public int linkType() {
    if (isAny()) {
      return LinkType.LINUX_SLL2;
    }
    if (!switchTag.equals(NO_SWITCH_TAG)) {
      return SWITCH_TAG_LINK_TYPES.getOrDefault(switchTag, LinkType.DEBUG_ONLY);
    }
    Integer raw = RAW_LINK_TYPES.get(hardwareType);
    return raw != null ? raw : COOKED_LINK_TYPES.getOrDefault(hardwareType, LinkType.LINUX_SLL);
  }

  /**
   * Whether a capture takes the frames' own header off and puts a Linux cooked one in its place, as
   * libpcap does on {@link #ANY} and on devices whose header is of no use or not known.
   */
  public boolean isCooked() {
    return isAny() || !RAW_LINK_TYPES.containsKey(hardwareType);
  }

  /** Whether the hardware type is one that this reader has a link type for. */
  public boolean isKnown() {
    return isAny()
        || RAW_LINK_TYPES.containsKey(hardwareType)
        || COOKED_LINK_TYPES.containsKey(hardwareType);
  }

  /**
   * Bytes of layer-2 header at the beginning of what a BPF program sees of this interface's frames:
   * 14 on Ethernet, 0 where frames begin with their network layer or have another header.
   */
  public int ethernetHeaderBytes() {
    return linkType() == LinkType.ETHERNET ? ETHERNET_HEADER_BYTES : 0;
  }

  /**
   * Most bytes of a payload when this many are asked for: a cooked header and a byte are kept in
   * any case, as with libpcap.
   */
  public int snapLengthBytes(int asked) {
    return isCooked() ? Math.max(asked, CookedHeader.LEAST_SNAP_LENGTH_BYTES) : asked;
  }

  /** The link type in words. */
  public String linkTypeName() {
    return LinkType.name(linkType()) + (isKnown() ? "" : ", hardware type " + hardwareType);
  }

  /**
   * Offloads that are on and make one ring entry out of many wire frames, in ethtool's short names:
   * gro, lro on the way in; tso, gso on the way out. What the driver does not tell is left out.
   */
  public List<String> superFrameOffloads() throws CaptureException {
    List<String> on = new ArrayList<>();
    if (isAny()) {
      return on;
    }
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
