package dev.ringtap.kafka.connect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.kafka.agent.RecordKey;
import dev.ringtap.lab.FrameSender;
import dev.ringtap.lab.PrivateNetwork;
import dev.ringtap.testkit.Packets;
import dev.ringtap.testkit.Requirements;
import dev.ringtap.testkit.Tcpdump;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class LiveReaderIT {
  /** Longer than the time that is left to a kernel that does not hand its last block over. */
  private static final int RETIRE_TIMEOUT_MILLIS = 5000;

  private static final int FRAMES = 100;

  @Test
  void aStopCountsTheLastBlockHoweverLongTheKernelKeepsIt() throws IOException {
    Requirements.privateNetwork();
    CaptureConfig config =
        CaptureConfig.on(PrivateNetwork.RIGHT)
            .set(CaptureOption.RETIRE_TIMEOUT_MILLIS, RETIRE_TIMEOUT_MILLIS)
            .build();
    TaskLedger ledger = new TaskLedger();
    RecordMaker maker = new RecordMaker("t", RecordKey.NONE, ValueFormat.AVRO, OptionalInt.empty());
    try (PrivateNetwork network = PrivateNetwork.create()) {
      LiveReader reader = network.call(() -> new LiveReader(config, maker, ledger));
      try (FrameSender sender = network.sender(PrivateNetwork.LEFT)) {
        for (byte[] frame : WorkerLab.frames(3, FRAMES)) {
          sender.send(frame);
        }
      } finally {
        reader.close();
      }
    }
    assertThat(ledger.value(TaskMetric.CAPTURED)).isEqualTo(FRAMES);
    assertThat(ledger.value(TaskMetric.LEFT_AT_STOP)).isEqualTo(FRAMES);
  }

  /** Alone, and in a group that keeps its old interface until its last member has left it. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void tasksGoOnWhenTheirInterfaceIsBack(int count) throws Exception {
    Requirements.privateNetwork();
    PacketSourceConnector connector = new PacketSourceConnector();
    connector.start(
        Map.of("name", "gone" + count, "topic", "t", "interface", "gone1", "ring-size", "4"));
    try (PrivateNetwork network = PrivateNetwork.create()) {
      addInterface(network);
      List<PacketSourceTask> tasks = new ArrayList<>();
      List<StoredOffset> workers = new ArrayList<>();
      try {
        for (Map<String, String> config : connector.taskConfigs(count)) {
          PacketSourceTask task = new PacketSourceTask();
          StoredOffset worker = new StoredOffset(null);
          task.initialize(worker);
          workers.add(worker);
          tasks.add(task);
          network.call(
              () -> {
                task.start(config);
                return null;
              });
        }
        for (int life = 0; life < 2; life++) {
          send(network);
          poll(network, tasks, () -> sum(workers, TaskMetric.POLLED), (life + 1) * FRAMES);
          ip(network, "link del gone0");
          poll(network, tasks, () -> sum(workers, TaskMetric.CAPTURING), 0);
          addInterface(network);
          poll(network, tasks, () -> sum(workers, TaskMetric.CAPTURING), count);
        }
        send(network);
        poll(network, tasks, () -> sum(workers, TaskMetric.POLLED), 3 * FRAMES);
        assertThat(sum(workers, TaskMetric.OFFERED)).isEqualTo(3 * FRAMES);
      } finally {
        tasks.forEach(PacketSourceTask::stop);
      }
    }
  }

  private static void addInterface(PrivateNetwork network) throws Exception {
    ip(network, "link add gone0 type veth peer name gone1");
    for (String each : List.of("gone0", "gone1")) {
      // otherwise the kernel greets its neighbours with frames of its own
      network.call(
          () -> Files.writeString(Path.of("/proc/sys/net/ipv6/conf", each, "disable_ipv6"), "1"));
      ip(network, "link set " + each + " up");
    }
  }

  private static void ip(PrivateNetwork network, String arguments) throws Exception {
    Tcpdump.run(network, ("ip " + arguments).split(" "));
  }

  private static void send(PrivateNetwork network) throws IOException {
    try (FrameSender sender = network.sender("gone0")) {
      for (int i = 0; i < FRAMES; i++) {
        sender.send(Packets.ethernet(Packets.udp("10.0.0.1", i, "10.0.0.2", 53, new byte[90])));
      }
    }
  }

  /** Polls all tasks until a number is reached; the class's time limit ends it otherwise. */
  private static void poll(
      PrivateNetwork network, List<PacketSourceTask> tasks, Callable<Long> number, long expected)
      throws Exception {
    while (number.call() != expected) {
      for (PacketSourceTask task : tasks) {
        // it opens again in the namespace of the thread that polls
        network.call(task::poll);
      }
    }
  }

  private static long sum(List<StoredOffset> workers, TaskMetric metric) {
    return workers.stream().mapToLong(each -> (Long) each.counts().get(metric.id())).sum();
  }
}
