package dev.ringtap.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ringtap.record.SchemaLookup;
import dev.ringtap.registry.RegistryException.Reason;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A schema registry that speaks Confluent's API, by the JDK's HTTP client. Apicurio serves that API
 * under {@code /apis/ccompat/v7}. Every call ends within {@value #TIMEOUT_SECONDS} s. Certificates
 * are checked as the JVM is set to ({@code javax.net.ssl.trustStore} and the like). Redirections
 * are not followed, so that a login never goes elsewhere. Thread-safe.
 */
public final class SchemaRegistry implements AutoCloseable {
  private static final int TIMEOUT_SECONDS = 10;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final int MAX_DETAIL_LENGTH = 500;

  /** Hundreds of times this project's schemas. */
  private static final int MAX_ANSWER_BYTES = 1 << 20;

  private static final String MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";

  /** Confluent's codes of an answer 404 that tell "not registered" from "no registry here". */
  private static final int SUBJECT_NOT_FOUND = 40401;

  private static final int SCHEMA_NOT_FOUND = 40403;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final RegistryUrl url;
  private final int timeoutSeconds;
  private final HttpClient client;

  private SchemaRegistry(RegistryUrl url, int timeoutSeconds, HttpClient client) {
    this.url = url;
    this.timeoutSeconds = timeoutSeconds;
    this.client = client;
  }

  /** A registry; nothing is sent yet. */
  public static SchemaRegistry at(RegistryUrl url) {
    return at(url, TIMEOUT_SECONDS);
  }

  static SchemaRegistry at(RegistryUrl url, int timeoutSeconds) {
    return at(
        url,
        timeoutSeconds,
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build());
  }

  static SchemaRegistry at(RegistryUrl url, int timeoutSeconds, HttpClient client) {
    return new SchemaRegistry(url, timeoutSeconds, client);
  }

  /**
   * A registry for readers that travel, such as a Flink job's deserializer; each call connects
   * anew.
   *
   * @param url with its login, if it needs one; it travels too
   * @throws IllegalArgumentException if it is no registry's URL
   */
  public static SchemaLookup lookup(String url) {
    RegistryUrl.parse(url);
    return id -> {
      try (SchemaRegistry registry = at(RegistryUrl.parse(url))) {
        return registry.schema(id);
      } catch (RegistryException e) {
        if (e.reason() == Reason.NO_SUCH_SCHEMA) {
          return null;
        }
        throw e;
      }
    };
  }

  /**
   * The number of a schema, which is registered where the subject does not have it yet. A login
   * that may only read is enough where it has.
   *
   * @param subject the name under which the registry keeps versions; {@code TOPIC-value} is what
   *     serializers take by default
   * @throws RegistryException if the registry does not answer or refuses
   */
  public int register(String subject, Schema schema) throws RegistryException {
    OptionalInt known = find(subject, schema);
    if (known.isPresent()) {
      return known.getAsInt();
    }
    return id(
        post(url.resolve("subjects", subject, "versions"), body(schema)), what(subject, schema));
  }

  /**
   * Tries what {@link #register} does, and leaves the registry as it is. Whether the login may
   * write cannot be told so.
   *
   * @throws RegistryException if the registry does not answer or refuses, or the subject's
   *     compatibility rule would refuse the schema
   */
  public void check(String subject, Schema schema) throws RegistryException {
    if (find(subject, schema).isPresent()) {
      return;
    }
    Answer answer =
        post(url.resolve("compatibility", "subjects", subject, "versions"), body(schema));
    // any other answer says nothing against it: a subject without versions has no such resource
    if (answer.status == 200 && !answer.json.path("is_compatible").asBoolean(true)) {
      throw incompatible(answer, what(subject, schema));
    }
  }

  /** The number of a schema; empty where the subject does not have it. */
  private OptionalInt find(String subject, Schema schema) throws RegistryException {
    Answer answer = post(url.resolve("subjects", subject), body(schema));
    return answer.isNotRegistered()
        ? OptionalInt.empty()
        : OptionalInt.of(id(answer, what(subject, schema)));
  }

  private static String what(String subject, Schema schema) {
    return "schema " + schema.getFullName() + " under subject '" + subject + "'";
  }

  private static String body(Schema schema) {
    return JSON.createObjectNode().put("schema", schema.toString()).toString();
  }

  /**
   * The schema of a number.
   *
   * @throws RegistryException if the registry does not answer, or has none of that number
   */
  public Schema schema(int id) throws RegistryException {
    String what = "schema " + id;
    URI address = url.resolve("schemas", "ids", Integer.toString(id));
    Answer answer = send(request(address).GET().build());
    if (answer.status != 200) {
      throw refused(answer, what);
    }
    String type = answer.json.path("schemaType").asText("AVRO");
    if (!type.equals("AVRO")) {
      throw failure(Reason.REFUSED, what, "is no Avro schema but " + type, null);
    }
    try {
      return new Schema.Parser().parse(answer.json.path("schema").asText());
    } catch (RuntimeException e) {
      // Avro's parser has many ways to say no: its own exceptions, and NullPointerException
      throw failure(Reason.REFUSED, what, "cannot be parsed: " + e.getMessage(), e);
    }
  }

  private int id(Answer answer, String what) throws RegistryException {
    if (answer.status != 200) {
      throw refused(answer, what);
    }
    JsonNode id = answer.json.path("id");
    if (!id.isInt()) {
      throw failure(Reason.REFUSED, what, "got an answer without a 4-byte id", null);
    }
    return id.intValue();
  }

  private HttpRequest.Builder request(URI address) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address).header("Accept", MEDIA_TYPE + ", application/json");
    url.authorization().ifPresent(value -> request.header("Authorization", value));
    return request;
  }

  private Answer post(URI address, String body) throws RegistryException {
    return send(
        request(address)
            .header("Content-Type", MEDIA_TYPE)
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  /** The request's own timeout would end with the headers: this one is for the body too. */
  private Answer send(HttpRequest request) throws RegistryException {
    CompletableFuture<HttpResponse<String>> sent =
        client.sendAsync(request, head -> new LimitedText(MAX_ANSWER_BYTES));
    try {
      HttpResponse<String> response = sent.get(timeoutSeconds, TimeUnit.SECONDS);
      return new Answer(response.statusCode(), response.body());
    } catch (TimeoutException e) {
      throw unreachable("no answer within " + timeoutSeconds + " s", e);
    } catch (ExecutionException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable("interrupted", e);
    } finally {
      sent.cancel(true);
    }
  }

  /**
   * Says why no registry answers. The user who names the URL must not learn what another service
   * answers: an exception whose text that service chose is neither shown nor kept as the cause.
   */
  private RegistryException unreachable(ExecutionException failure) {
    // the outer exceptions of the HTTP client often have no message
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String name = cause.getClass().getSimpleName();
    if (cause instanceof ProtocolException) {
      return unreachable("the answer is not HTTP", null);
    }
    boolean isLocal =
        cause instanceof ConnectException
            || cause instanceof HttpTimeoutException
            || cause instanceof SSLHandshakeException
            || cause instanceof GeneralSecurityException
            || cause instanceof LimitedText.TooLongException;
    if (!isLocal) {
      return unreachable(name, null);
    }
    return unreachable(
        cause.getMessage() == null ? name : name + ": " + cause.getMessage(), failure);
  }

  private RegistryException unreachable(String why, @Nullable Throwable cause) {
    return new RegistryException(
        Reason.UNREACHABLE,
        ("no schema registry answers at %s (%s); check the URL, and its certificate where"
                + " it is https")
            .formatted(url, why),
        cause);
  }

  private RegistryException refused(Answer answer, String what) {
    switch (answer.status) {
      case 401 -> {
        return failure(
            Reason.NO_PERMISSION,
            what,
            "is refused without a valid login (HTTP 401); put USER:PASSWORD@ before the host",
            null);
      }
      case 403 -> {
        return failure(
            Reason.NO_PERMISSION,
            what,
            ("is refused for this login (HTTP 403: %s); grant it read, and write where the"
                    + " schema is not registered yet")
                .formatted(answer.detail()),
            null);
      }
      case 404 -> {
        if (answer.isNotRegistered()) {
          return failure(Reason.NO_SUCH_SCHEMA, what, "is not there: " + answer.detail(), null);
        }
        return failure(
            Reason.REFUSED,
            what,
            "was answered with HTTP 404: no registry's API is at this URL; Confluent's is at the root,"
                + " Apicurio's under /apis/ccompat/v7",
            null);
      }
      case 409 -> {
        return incompatible(answer, what);
      }
      default -> {
        return failure(
            Reason.REFUSED,
            what,
            "is refused (HTTP " + answer.status + ": " + answer.detail() + ")",
            null);
      }
    }
  }

  private RegistryException incompatible(Answer answer, String what) {
    return failure(
        Reason.INCOMPATIBLE,
        what,
        ("is not compatible with what is registered there (HTTP %s: %s); take another"
                + " subject, or change the subject's compatibility")
            .formatted(answer.status, answer.detail()),
        null);
  }

  private RegistryException failure(
      Reason reason, String what, String why, @Nullable Throwable cause) {
    return new RegistryException(reason, "schema registry " + url + ": " + what + " " + why, cause);
  }

  /** What came back; JSON is missing where the body is none. */
  private static final class Answer {
    final int status;
    final String body;
    final JsonNode json;

    Answer(int status, String body) {
      this.status = status;
      this.body = body;
      this.json = parse(body);
    }

    private static JsonNode parse(String body) {
      try {
        return JSON.readTree(body);
      } catch (JsonProcessingException e) {
        return JSON.missingNode();
      }
    }

    boolean isNotRegistered() {
      int code = json.path("error_code").asInt();
      return status == 404 && (code == SUBJECT_NOT_FOUND || code == SCHEMA_NOT_FOUND);
    }

    /** The registry's own sentence; nothing of an answer that is not a registry's. */
    String detail() {
      if (body.isBlank() || json.has("is_compatible")) {
        return "no reason given";
      }
      JsonNode message = json.path("message");
      if (!json.path("error_code").isInt() || !message.isTextual()) {
        return "the answer is not a schema registry's";
      }
      String text = message.asText().replaceAll("\\s+", " ").strip();
      return text.length() > MAX_DETAIL_LENGTH
          ? text.substring(0, MAX_DETAIL_LENGTH) + "..."
          : text;
    }
  }

  /** Gives up what is under way and closes the connections. */
  @Override
  public void close() {
    client.shutdownNow();
  }

  @Override
  public String toString() {
    return "schema registry " + url;
  }
}
