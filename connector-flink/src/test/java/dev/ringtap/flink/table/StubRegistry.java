package dev.ringtap.flink.table;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.Schema;

/** A schema registry that numbers schemas from 1 on and has them under whichever subject. */
public final class StubRegistry implements AutoCloseable {
  private static final String IDS = "/schemas/ids/";
  private static final int NOT_THERE = 40403;

  private final HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
  private final List<Schema> schemas = new ArrayList<>();

  /** Starts it with schemas that are there. */
  public StubRegistry(Schema... registered) throws IOException {
    schemas.addAll(Arrays.asList(registered));
    server.createContext("/", this::answer);
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode answer = json.createObjectNode();
    String path = exchange.getRequestURI().getPath();
    if (path.startsWith(IDS)) {
      int id = Integer.parseInt(path.substring(IDS.length()));
      if (id > schemas.size()) {
        answer.put("error_code", NOT_THERE);
      } else {
        answer.put("schema", schemas.get(id - 1).toString());
      }
    } else {
      String text = json.readTree(exchange.getRequestBody()).path("schema").asText();
      Schema schema = new Schema.Parser().parse(text);
      if (!schemas.contains(schema)) {
        schemas.add(schema);
      }
      answer.put("id", schemas.indexOf(schema) + 1);
    }
    byte[] body = answer.toString().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.has("error_code") ? 404 : 200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  /** Where it is. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
