package dev.ringtap.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.ringtap.record.PacketSchema;
import dev.ringtap.record.SchemaLookup;
import dev.ringtap.registry.RegistryException.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.avro.Schema;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The registry's client against every kind of answer. */
@Timeout(20)
class SchemaRegistryTest {
  private static final String NO_SUBJECT = "{\"error_code\":40401,\"message\":\"no subject\"}";
  private static final Schema SCHEMA = PacketSchema.published();

  private final Deque<Object[]> answers = new ArrayDeque<>();
  private final List<String> requests = new ArrayList<>();
  private final List<String> bodies = new ArrayList<>();
  private HttpServer server;
  private SchemaRegistry registry;
  private String url;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
    url = "http://127.0.0.1:" + server.getAddress().getPort() + "/api";
    registry = SchemaRegistry.at(RegistryUrl.parse(url + "/"));
  }

  @AfterEach
  void stop() {
    registry.close();
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI().getRawPath());
    bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    Object[] answer = answers.remove();
    byte[] body = ((String) answer[1]).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Location", "http://elsewhere.invalid/");
    exchange.sendResponseHeaders((int) answer[0], body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void answer(int status, String body) {
    answers.add(new Object[] {status, body});
  }

  private void assertRefused(Reason reason, ThrowingCallable call, String... sentences) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(url)
        .hasMessageContainingAll(sentences);
  }

  @Test
  void whatIsRegisteredIsOnlyLookedUp() throws IOException {
    answer(200, "{\"subject\":\"t-value\",\"version\":3,\"id\":2147483647}");
    assertThat(registry.register("t-value", SCHEMA)).isEqualTo(Integer.MAX_VALUE);
    assertThat(requests).containsExactly("POST /api/subjects/t-value");
    String sent = new ObjectMapper().readTree(bodies.get(0)).get("schema").asText();
    assertThat(new Schema.Parser().parse(sent)).hasToString(SCHEMA.toString());
  }

  @Test
  void whatIsNotIsRegistered() throws IOException {
    for (int code : new int[] {40401, 40403}) {
      answer(404, "{\"error_code\":" + code + "}");
      answer(200, "{\"id\":7}");
      assertThat(registry.register("a/b", SCHEMA)).isEqualTo(7);
    }
    assertThat(requests)
        .containsExactly(
            "POST /api/subjects/a%2Fb",
            "POST /api/subjects/a%2Fb/versions",
            "POST /api/subjects/a%2Fb",
            "POST /api/subjects/a%2Fb/versions");
    assertThat(bodies.get(1)).isEqualTo(bodies.get(0));
  }

  @Test
  void aCheckRegistersNothing() throws IOException {
    answer(200, "{\"id\":7}");
    registry.check("a/b", SCHEMA);
    answer(404, NO_SUBJECT);
    answer(200, "{\"is_compatible\":true}");
    registry.check("a/b", SCHEMA);
    answer(404, NO_SUBJECT);
    answer(404, NO_SUBJECT);
    registry.check("a/b", SCHEMA);
    assertThat(requests)
        .containsExactly(
            "POST /api/subjects/a%2Fb",
            "POST /api/subjects/a%2Fb",
            "POST /api/compatibility/subjects/a%2Fb/versions",
            "POST /api/subjects/a%2Fb",
            "POST /api/compatibility/subjects/a%2Fb/versions");
    assertThat(bodies).hasSize(5).containsOnly(bodies.get(0));
    answer(404, NO_SUBJECT);
    answer(200, "{\"is_compatible\":false}");
    assertRefused(
        Reason.INCOMPATIBLE,
        () -> registry.check("t", SCHEMA),
        "schema dev.ringtap.record.Packet under subject 't' is not compatible",
        "take another subject");
    answer(401, "");
    assertRefused(
        Reason.NO_PERMISSION, () -> registry.check("t", SCHEMA), "refused without a valid login");
  }

  @Test
  void refusalsAreExplained() {
    answer(401, "");
    assertRefused(
        Reason.NO_PERMISSION,
        () -> registry.register("t", SCHEMA),
        "schema dev.ringtap.record.Packet under subject 't' is refused without a valid login",
        "put USER:PASSWORD@ before the host");
    answer(404, NO_SUBJECT);
    answer(403, "{\"error_code\":40301,\"message\":\"User is denied\\n  operation Write\"}");
    assertRefused(
        Reason.NO_PERMISSION,
        () -> registry.register("t", SCHEMA),
        "HTTP 403: User is denied operation Write",
        "grant it read, and write where");
    answer(404, NO_SUBJECT);
    answer(409, "{\"error_code\":409,\"message\":\"missing default\"}");
    assertRefused(
        Reason.INCOMPATIBLE,
        () -> registry.register("t", SCHEMA),
        "HTTP 409: missing default",
        "take another subject");
    answer(404, "<html>nothing</html>");
    assertRefused(
        Reason.REFUSED,
        () -> registry.register("t", SCHEMA),
        "was answered with HTTP 404: no registry's API is at this URL",
        "/apis/ccompat/v7");
    answer(500, "{\"error_code\":50001,\"message\":\"" + "x".repeat(10_000) + "\"}");
    assertRefused(
        Reason.REFUSED,
        () -> registry.register("t", SCHEMA),
        "(HTTP 500: " + "x".repeat(500) + "...)");
    answer(503, "");
    assertRefused(
        Reason.REFUSED, () -> registry.register("t", SCHEMA), "(HTTP 503: no reason given)");
    answer(302, "");
    assertRefused(Reason.REFUSED, () -> registry.register("t", SCHEMA), "HTTP 302");
    assertThat(answers).isEmpty();
  }

  @Test
  void answersThatAreNoneAreNamed() {
    for (String body : new String[] {"", "hello", "[]", "{\"id\":\"1\"}", "{\"id\":4294967296}"}) {
      answer(200, body);
      assertRefused(
          Reason.REFUSED,
          () -> registry.register("t", SCHEMA),
          "got an answer without a 4-byte id");
    }
    answer(200, "{}");
    assertRefused(Reason.REFUSED, () -> registry.schema(5), "schema 5 cannot be parsed");
    answer(200, "{\"schemaType\":\"PROTOBUF\",\"schema\":\"message x {}\"}");
    assertRefused(Reason.REFUSED, () -> registry.schema(5), "is no Avro schema but PROTOBUF");
    answer(404, "{\"error_code\":40403,\"message\":\"Schema 5 not found\"}");
    assertRefused(Reason.NO_SUCH_SCHEMA, () -> registry.schema(5), "Schema 5 not found");
  }

  @Test
  void schemaOfANumber() throws IOException {
    answer(200, new ObjectMapper().createObjectNode().put("schema", SCHEMA.toString()).toString());
    assertThat(registry.schema(12)).isEqualTo(SCHEMA);
    assertThat(requests).containsExactly("GET /api/schemas/ids/12");
  }

  @Test
  void nobodyThereIsNamed() {
    server.stop(0);
    assertRefused(
        Reason.UNREACHABLE,
        () -> registry.register("t", SCHEMA),
        "no schema registry answers at " + url + " (",
        "check the URL");
    try (SchemaRegistry nowhere =
        SchemaRegistry.at(RegistryUrl.parse("http://user:s3cret@no.such.host.invalid:1"))) {
      assertThatThrownBy(() -> nowhere.schema(1))
          .hasMessageContaining("no schema registry answers at http://no.such.host.invalid:1 (Un")
          .hasMessageNotContaining("s3cret");
    }
  }

  @Test
  void bodyThatIsTooLongIsNotTaken() {
    answer(200, "{\"schema\":\"" + "x".repeat(1 << 20) + "\"}");
    assertThatThrownBy(() -> registry.schema(1))
        .hasMessageContaining("(TooLongException: an answer of more than 1048576 bytes)");
  }

  /** A configuration may name any address that the worker reaches, not only a registry's. */
  @Test
  void nothingOfAnotherServicesAnswerIsShown() throws IOException {
    for (int status : new int[] {200, 400, 403, 404, 409, 422, 500}) {
      for (String body :
          List.of("s3cret", "{\"id\":\"s3cret\"}", "{\"message\":\"s3cret\"}", "[\"s3cret\"]")) {
        answer(status, body);
        assertSilent(() -> registry.register("t", SCHEMA));
      }
    }
    for (String banner :
        List.of("SSH-2.0-s3cret\r\n", "HTTP/1.1 200 OK\r\ns3cret\r\n\r\n", "220 s3cret\r\n")) {
      try (ServerSocket other = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
          SchemaRegistry there =
              SchemaRegistry.at(RegistryUrl.parse("http://127.0.0.1:" + other.getLocalPort()), 5)) {
        Thread greeter = new Thread(() -> greet(other, banner));
        greeter.setDaemon(true);
        greeter.start();
        assertSilent(() -> there.register("t", SCHEMA));
      }
    }
  }

  /** Sends everyone the same words, until the socket is closed: the client may come again. */
  private static void greet(ServerSocket socket, String words) {
    while (!socket.isClosed()) {
      try (Socket client = socket.accept()) {
        client.setSoTimeout(1000);
        client.getOutputStream().write(words.getBytes(StandardCharsets.US_ASCII));
        client.shutdownOutput();
        client.getInputStream().readAllBytes();
      } catch (IOException e) {
        // the client has seen enough, or the test is over
      }
    }
  }

  private static void assertSilent(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(RegistryException.class)
        .satisfies(
            e -> {
              StringWriter trace = new StringWriter();
              e.printStackTrace(new PrintWriter(trace));
              assertThat(trace.toString()).doesNotContain("s3cret");
            });
  }

  /** The JDK's own request timeout ends with the headers; a body may stop in its middle. */
  @Test
  void bodyThatNeverEndsIsGivenUpInTime() throws IOException {
    try (ServerSocket slow = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        SchemaRegistry stuck =
            SchemaRegistry.at(RegistryUrl.parse("http://127.0.0.1:" + slow.getLocalPort()), 1)) {
      Thread half =
          new Thread(
              () -> {
                try {
                  slow.accept()
                      .getOutputStream()
                      .write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".getBytes());
                } catch (IOException e) {
                  // the test is over
                }
              });
      half.setDaemon(true);
      half.start();
      long start = System.nanoTime();
      assertThatThrownBy(() -> stuck.schema(1)).hasMessageContaining("(no answer within 1 s)");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }
  }

  @Test
  void aLookupTravelsAndTellsAMissingSchemaFromARegistryThatIsAway() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new ObjectOutputStream(bytes).writeObject(SchemaRegistry.lookup(url));
    SchemaLookup lookup =
        (SchemaLookup)
            new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    answer(200, new ObjectMapper().createObjectNode().put("schema", SCHEMA.toString()).toString());
    assertThat(lookup.schema(7)).isEqualTo(SCHEMA);
    answer(404, "{\"error_code\":40403,\"message\":\"no schema\"}");
    assertThat(lookup.schema(8)).isNull();
    answer(503, "");
    assertRefused(Reason.REFUSED, () -> lookup.schema(9), "schema 9");
    assertThatThrownBy(() -> SchemaRegistry.lookup("no url"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
