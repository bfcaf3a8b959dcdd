package dev.ringtap.kafka.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one request for metrics got: each time series by its name and labels, as they were written.
 */
public final class Scrape {
  private final String text;
  private final Map<String, Double> series = new TreeMap<>();

  private Scrape(String text) {
    this.text = text;
    text.lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(
            line -> {
              int space = line.lastIndexOf(' ');
              series.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
            });
  }

  /** Of what a client has received. */
  public static Scrape of(String text) {
    return new Scrape(text);
  }

  /** Of an agent's URL. */
  public static Scrape of(HttpClient client, String url) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        client.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new Scrape(answer.body());
  }

  /** As it was received. */
  public String text() {
    return text;
  }

  /** The sum of a metric over its labels; 0 if it has no series. */
  public long sum(String name) {
    return (long)
        series.entrySet().stream()
            .filter(each -> each.getKey().startsWith(name + "{"))
            .mapToDouble(Map.Entry::getValue)
            .sum();
  }

  private static boolean onlyGrows(String series) {
    String name = series.substring(0, Math.max(series.indexOf('{'), 0));
    return name.startsWith("ringtap_")
        && (name.endsWith("_total")
            || name.endsWith("_bucket")
            || name.endsWith("_count")
            || name.endsWith("_sum"));
  }

  /** The account adds up; counters are not less than before, and none has gone. */
  public void assertAddsUpAfter(Scrape before) {
    long captured = sum("ringtap_frames_captured_total");
    assertThat(sum("ringtap_frames_offered_total"))
        .as(text)
        .isGreaterThanOrEqualTo(sum("ringtap_frames_dropped_by_kernel_total") + captured);
    assertThat(sum("ringtap_frames_in_flight")).as(text).isNotNegative();
    assertThat(captured)
        .as(text)
        .isEqualTo(
            sum("ringtap_frames_acknowledged_total")
                + sum("ringtap_frames_not_delivered_total")
                + sum("ringtap_frames_in_flight"));
    before.series.forEach(
        (name, value) -> {
          if (onlyGrows(name)) {
            assertThat(series).as(text).containsKey(name);
            assertThat(series.get(name)).as(name).isGreaterThanOrEqualTo(value);
          }
        });
  }
}
