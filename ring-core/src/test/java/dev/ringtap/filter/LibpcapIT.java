package dev.ringtap.filter;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.filter.BpfProgram.Instruction;
import dev.ringtap.filter.FilterException.Reason;
import dev.ringtap.linux.Libpcap;
import dev.ringtap.linux.LibpcapException;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The installed libpcap: what it compiles, what it says, and its interpreter beside ours. */
@Timeout(60)
class LibpcapIT {
  private static final int ETHERNET = 1;

  private final FilterCompiler compiler = FilterCompiler.system();

  @BeforeEach
  void requireLibrary() {
    Requirements.libpcap();
  }

  @Test
  void compilesForFiles() throws FilterException {
    assertThat(compiler.compile("ip", ETHERNET, 96))
        .isEqualTo(BpfProgram.parse("4\n40 0 0 12\n21 0 1 2048\n6 0 0 96\n6 0 0 0\n"));
    assertThat(compiler.compile("", ETHERNET, 262_144)).isEqualTo(BpfProgram.acceptAll(262_144));
    // no Ethernet header: the version of the packet itself is looked at
    assertThat(compiler.compile("ip", 101, 96).instructions())
        .startsWith(new Instruction(Bpf.LD_B_ABS, 0, 0, 0));
    assertThat(compiler.compile("vlan 100", ETHERNET, 96).instructions())
        .startsWith(new Instruction(Bpf.LD_H_ABS, 0, 0, 12));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "udp and and | filter 'udp and and': ",
        "prot 53 | filter 'prot 53': ",
        "port 99999 | filter 'port 99999': illegal port number 99999 > 65535",
        "ip and ip6 | filter 'ip and ip6': expression rejects all packets",
        "host 10.0.0.256 | filter 'host 10.0.0.256': ",
        "ip6 protochain 17 | filter 'ip6 protochain 17': not for the kernel: BPF instruction 18 (code 5): jumps backwards",
        "wlan type mgt | filter 'wlan type mgt': 802.11 link-layer types supported only on 802.11",
      })
  void refusesInLibpcapsWords(String expression, String message) {
    assertThatThrownBy(() -> compiler.compile(expression, ETHERNET, 96))
        .isInstanceOf(FilterException.class)
        .hasMessageStartingWith(message)
        .hasMessageMatching("(?s)filter '.*': .+")
        .extracting(e -> ((FilterException) e).reason())
        .isEqualTo(Reason.EXPRESSION);
  }

  /** Terms that take libpcap the more time the more there are. */
  private static String ports(int count) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(" or ", "port ", ""));
  }

  @Test
  void aLongCompilationKeepsNobodyWaiting() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    Libpcap library = Libpcap.load(Libpcap.SONAMES);
    Thread busy =
        new Thread(
            () -> {
              try {
                library.compileDead(ports(600), 1, 96, (code, jt, jf, k) -> done.set(true));
              } catch (LibpcapException e) {
                throw new IllegalStateException(e);
              }
            });
    busy.setDaemon(true);
    busy.start();
    // often enough that it is in the library by now
    for (int seen = 0; seen < 20; seen += isIn(busy, Libpcap.class, "compile") ? 1 : 0) {
      assertThat(busy.isAlive()).isTrue();
      Thread.sleep(1);
    }
    compiler.compile("ip", ETHERNET, 96);
    assertThat(done).as("the long one is compiled still").isFalse();
  }

  private static boolean isIn(Thread thread, Class<?> type, String method) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(e -> e.getClassName().equals(type.getName()) && e.getMethodName().equals(method));
  }

  @Test
  void anExpressionHasALength() {
    assertThatThrownBy(() -> compiler.compile("ip or ".repeat(1400) + "ip", ETHERNET, 96))
        .isInstanceOf(FilterException.class)
        .hasMessageStartingWith("filter 'ip or ip or ")
        .hasMessageContaining("...': 8402 bytes; expected at most 8192;")
        .hasMessageNotContaining("ip or ".repeat(20));
    assertThatThrownBy(() -> compiler.compileLive("x".repeat(8193), "lo", ETHERNET, 96))
        .hasMessageContaining("8193 bytes; expected at most 8192");
  }

  /** libpcap's optimizer alone takes away what is always false. */
  @Test
  void aLongExpressionIsNotOptimized() throws FilterException {
    String never = "ip and ip6 and not arp ";
    assertThatThrownBy(() -> compiler.compile(never, ETHERNET, 96))
        .hasMessageContaining("expression rejects all packets");
    BpfProgram program = compiler.compile(never + " ".repeat(1024), ETHERNET, 96);
    assertThat(program.instructions()).hasSizeGreaterThan(4);
    assertThatThrownBy(() -> compiler.compile(ports(250), ETHERNET, 96))
        .hasMessageContaining("not for the kernel: ")
        .hasMessageContaining("longer than 1024 bytes it was not optimized");
    BpfProgram hosts =
        compiler.compile(
            IntStream.range(1, 100)
                .mapToObj(i -> "dst host 10.0.0." + i)
                .collect(Collectors.joining(" or ")),
            ETHERNET,
            96);
    BpfInterpreter interpreter = new BpfInterpreter(hosts);
    for (int last : new int[] {1, 99, 100}) {
      byte[] frame = Packets.ethernet(Packets.udp("10.0.1.1", 1, "10.0.0." + last, 2, new byte[8]));
      int kept =
          interpreter.run(
              MemorySegment.ofArray(frame), 0, frame.length, frame.length, Ancillary.NONE);
      assertThat(kept).isEqualTo(last == 100 ? 0 : 96);
    }
  }

  @Test
  void interfaceThatCannotBeOpenedIsNamed() {
    assertThatThrownBy(() -> compiler.compileLive("udp", "nope", ETHERNET, 96))
        .isInstanceOf(FilterException.class)
        .hasMessageStartingWith("libpcap cannot open nope to compile the filter 'udp': ")
        .extracting(e -> ((FilterException) e).reason())
        .isEqualTo(Reason.INTERFACE);
  }

  @Test
  @SuppressWarnings("restricted")
  void randomProgramsDecideAsLibpcapsInterpreter() throws Throwable {
    SymbolLookup library =
        Libpcap.SONAMES.stream()
            .flatMap(LibpcapIT::lookup)
            .findFirst()
            .orElseThrow(AssertionError::new);
    MethodHandle bpfFilter =
        Linker.nativeLinker()
            .downcallHandle(
                library.find("bpf_filter").orElseThrow(),
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT));
    Random random = new Random(11);
    List<byte[]> frames = Packets.stream(11).filter(f -> f.length <= 2000).limit(150).toList();
    int kept = 0;
    int runs = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment code = arena.allocate(4096 * 8, 8);
      MemorySegment memory = arena.allocate(4096);
      for (int round = 0; round < 4000; round++) {
        BpfProgram program = RandomProgram.next(random);
        BpfInterpreter interpreter = new BpfInterpreter(program);
        write(program, code);
        for (int i = 0; i < 40; i++) {
          byte[] frame = frames.get(random.nextInt(frames.size()));
          int length = random.nextInt(4) == 0 ? random.nextInt(frame.length + 1) : frame.length;
          MemorySegment.copy(frame, 0, memory, JAVA_BYTE, 0, length);
          int theirs = (int) bpfFilter.invokeExact(code, memory, frame.length, length);
          int ours = interpreter.run(memory, 0, length, frame.length, Ancillary.NONE);
          assertThat(ours)
              .as("%s on %s", program.instructions(), Arrays.toString(frame))
              .isEqualTo(theirs);
          runs++;
          kept += ours == 0 ? 0 : 1;
        }
      }
    }
    System.out.println(runs + " runs of random programs as in libpcap, " + kept + " frames kept");
    assertThat(kept).isBetween(runs / 10, runs * 9 / 10);
  }

  @SuppressWarnings("restricted")
  private static Stream<SymbolLookup> lookup(String soname) {
    try {
      return Stream.of(SymbolLookup.libraryLookup(soname, Arena.global()));
    } catch (IllegalArgumentException e) {
      return Stream.empty();
    }
  }

  /** The program as {@code struct bpf_insn}. */
  private static void write(BpfProgram program, MemorySegment target) {
    long at = 0;
    for (Instruction each : program.instructions()) {
      target.set(JAVA_SHORT, at, (short) each.code());
      target.set(JAVA_BYTE, at + 2, (byte) each.jt());
      target.set(JAVA_BYTE, at + 3, (byte) each.jf());
      target.set(JAVA_INT, at + 4, each.k());
      at += 8;
    }
  }
}
