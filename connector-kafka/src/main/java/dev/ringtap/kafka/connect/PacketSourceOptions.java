package dev.ringtap.kafka.connect;

import dev.ringtap.capture.CaptureConfig;
import dev.ringtap.capture.CaptureInterface;
import dev.ringtap.capture.CaptureOption;
import dev.ringtap.kafka.agent.RecordKey;
import dev.ringtap.registry.RegistryUrl;
import dev.ringtap.registry.SchemaTarget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Recommender;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.Validator;
import org.apache.kafka.common.config.ConfigDef.Width;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;
import org.jspecify.annotations.Nullable;

/** The connector's options: its own, and all of {@link CaptureOption#ALL} by their names. */
final class PacketSourceOptions {
  static final String FILE = "file";
  static final String HOSTS = "hosts";
  static final String FILTER = "filter";
  static final String BPF = "bpf";
  static final String EXCLUDE_SERVERS = "exclude.servers";
  static final String TOPIC = "topic";
  static final String KEY = "key";
  static final String VALUE_FORMAT = "value.format";
  static final String REGISTRY = "registry";
  static final String SUBJECT = "subject";

  /** Those that mean something for several captures that share an interface alone. */
  static final List<CaptureOption<?>> FANOUT =
      List.of(
          CaptureOption.FANOUT_MODE,
          CaptureOption.FANOUT_ROLLOVER,
          CaptureOption.FANOUT_DEFRAG,
          CaptureOption.FANOUT_PROGRAM);

  private static final String SOURCE_GROUP = "Source";
  private static final String RECORDS_GROUP = "Records";
  private static final String CAPTURE_GROUP = "Capture";
  private static final String FANOUT_GROUP = "Fanout";

  private static final Recommender ALWAYS = recommender(parsed -> List.of(), true);

  /** The table. */
  static final ConfigDef DEFINITION = definition();

  private PacketSourceOptions() {}

  /** The version of the package. */
  static String version() {
    return Objects.requireNonNullElse(
        PacketSourceOptions.class.getPackage().getImplementationVersion(), "unknown");
  }

  private static ConfigDef definition() {
    ConfigDef table = new ConfigDef();
    add(table, SOURCE_GROUP, CaptureOption.INTERFACE, Importance.HIGH);
    own(
        table,
        SOURCE_GROUP,
        FILE,
        Type.STRING,
        null,
        notEmpty(FILE),
        "Reads this pcap or pcapng file instead of an interface, also compressed by gzip or zstd."
            + " One task reads it to its end, exactly once if the worker supports it.",
        ALWAYS);
    own(
        table,
        SOURCE_GROUP,
        HOSTS,
        Type.LIST,
        List.of(),
        null,
        "Runs tasks on these hosts only, by host-name, separated by commas. A task that Connect"
            + " starts on another host fails. Default: any host.",
        ALWAYS);
    own(
        table,
        SOURCE_GROUP,
        FILTER,
        Type.STRING,
        null,
        notEmpty(FILTER),
        "Captures the frames that match this pcap-filter(7) expression, which the worker's libpcap"
            + " compiles.",
        ALWAYS);
    own(
        table,
        SOURCE_GROUP,
        BPF,
        Type.STRING,
        null,
        notEmpty(BPF),
        "Captures the frames that this program accepts: the output of tcpdump -ddd, or a file with"
            + " it. Replaces filter and does not need libpcap.",
        ALWAYS);
    own(
        table,
        SOURCE_GROUP,
        EXCLUDE_SERVERS,
        Type.LIST,
        List.of(),
        null,
        "Excludes TCP connections to and from these HOST:PORT, separated by commas. List the Kafka"
            + " brokers if the worker reaches them through the interface; otherwise each record"
            + " causes more frames.",
        ALWAYS);
    own(
        table,
        RECORDS_GROUP,
        TOPIC,
        Type.STRING,
        ConfigDef.NO_DEFAULT_VALUE,
        new ConfigDef.NonEmptyString(),
        "Writes records to this topic.",
        ALWAYS);
    choice(
        table,
        KEY,
        RecordKey.values(),
        RecordKey.FLOW,
        "Sets the record key. flow: eight bytes, equal for both directions of a conversation, which"
            + " stays in order on one partition. interface: HOST/INTERFACE. none: no key.");
    choice(
        table,
        VALUE_FORMAT,
        ValueFormat.values(),
        ValueFormat.STRUCT,
        "struct: fields, for any converter and transform. avro: pre-serialized Avro for"
            + " ByteArrayConverter, in single-object encoding or the registry's wire format; transforms"
            + " of fields do not apply.");
    own(
        table,
        RECORDS_GROUP,
        REGISTRY,
        Type.PASSWORD, // the URL may have a login
        null,
        ConfigDef.LambdaValidator.with((name, value) -> checkRegistry(value), () -> "URL"),
        "For value.format=avro. " + SchemaTarget.REGISTRY_MEANING,
        ALWAYS);
    own(
        table,
        RECORDS_GROUP,
        SUBJECT,
        Type.STRING,
        null,
        notEmpty(SUBJECT),
        SchemaTarget.SUBJECT_MEANING,
        ALWAYS);
    for (CaptureOption<?> option : CaptureOption.ALL) {
      if (option != CaptureOption.INTERFACE) {
        boolean fanout = option == CaptureOption.FANOUT_GROUP || FANOUT.contains(option);
        add(table, fanout ? FANOUT_GROUP : CAPTURE_GROUP, option, Importance.LOW);
      }
    }
    return table;
  }

  private static void choice(
      ConfigDef table, String name, Enum<?>[] values, Enum<?> defaultValue, String doc) {
    List<String> texts = Arrays.stream(values).map(CaptureOption::textOf).toList();
    own(
        table,
        RECORDS_GROUP,
        name,
        Type.STRING,
        CaptureOption.textOf(defaultValue),
        ConfigDef.ValidString.in(texts.toArray(String[]::new)),
        doc,
        recommender(parsed -> List.copyOf(texts), true));
  }

  private static void own(
      ConfigDef table,
      String group,
      String name,
      Type type,
      @Nullable Object defaultValue,
      @Nullable Validator validator,
      String doc,
      Recommender recommender) {
    table.define(
        name,
        type,
        defaultValue,
        validator,
        Importance.HIGH,
        doc,
        group,
        orderInGroup(table, group),
        Width.LONG,
        name,
        recommender);
  }

  private static void add(
      ConfigDef table, String group, CaptureOption<?> option, Importance importance) {
    Object defaultValue = option.defaultValue();
    table.define(
        option.name(),
        type(option),
        defaultValue instanceof Enum<?> ? CaptureOption.textOf(defaultValue) : defaultValue,
        ConfigDef.LambdaValidator.with((name, value) -> check(option, value), () -> values(option)),
        importance,
        option.description(),
        group,
        orderInGroup(table, group),
        Width.MEDIUM,
        option.name(),
        recommended(option));
  }

  private static int orderInGroup(ConfigDef table, String group) {
    return (int)
        table.configKeys().values().stream().filter(key -> key.group.equals(group)).count();
  }

  private static Type type(CaptureOption<?> option) {
    return option.type() == Integer.class
        ? Type.INT
        : option.type() == Boolean.class ? Type.BOOLEAN : Type.STRING;
  }

  private static void check(CaptureOption<?> option, @Nullable Object value) {
    if (value == null) {
      return;
    }
    try {
      option.parse(String.valueOf(value));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage());
    }
  }

  private static void checkRegistry(@Nullable Object url) {
    if (url == null) {
      return;
    }
    try {
      RegistryUrl.parse(((Password) url).value());
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage());
    }
  }

  /** The values that an option takes, in words; empty where any text will do. */
  private static String values(CaptureOption<?> option) {
    return option.limits().isEmpty()
        ? option.type() == String.class ? "" : option.unit().replace("|", ", ")
        : option.limits() + " " + option.unit();
  }

  private static Recommender recommended(CaptureOption<?> option) {
    if (option == CaptureOption.INTERFACE) {
      return recommender(PacketSourceOptions::interfaces, true);
    }
    if (option.type().isEnum()) {
      return recommender(parsed -> List.of((Object[]) option.unit().split("\\|")), false);
    }
    return recommender(parsed -> List.of(), false);
  }

  /** Those that exist now, on the worker that is asked. */
  private static List<Object> interfaces(Map<String, Object> parsed) {
    CaptureConfig.Builder place = CaptureConfig.on(CaptureInterface.ANY);
    try {
      if (parsed.get(CaptureOption.NETWORK_NAMESPACE.name()) instanceof String namespace) {
        place.set(CaptureOption.NETWORK_NAMESPACE, namespace);
      }
      List<Object> names = new ArrayList<>();
      place.build().inNamespace(CaptureInterface::list).forEach(each -> names.add(each.name()));
      names.add(CaptureInterface.ANY);
      return names;
    } catch (IOException | IllegalArgumentException e) {
      return List.of();
    }
  }

  /** Options that are not for files are shown where no file is named. */
  private static Recommender recommender(
      Function<Map<String, Object>, List<Object>> values, boolean alsoForFiles) {
    return new Recommender() {
      @Override
      public List<Object> validValues(String name, Map<String, Object> parsed) {
        return values.apply(parsed);
      }

      @Override
      public boolean visible(String name, Map<String, Object> parsed) {
        return alsoForFiles || parsed.get(FILE) == null;
      }
    };
  }

  private static Validator notEmpty(String option) {
    return ConfigDef.LambdaValidator.with(
        (name, value) -> {
          if (value != null && value.toString().isBlank()) {
            throw new ConfigException(option + " is empty; name one, or leave the option out");
          }
        },
        () -> "");
  }
}
