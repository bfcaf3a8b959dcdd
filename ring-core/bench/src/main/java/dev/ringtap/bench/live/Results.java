package dev.ringtap.bench.live;

import dev.ringtap.bench.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** The runs of all rounds. Not thread-safe. */
final class Results {
  private final List<Result> all = new ArrayList<>();

  void add(Result result) {
    all.add(result);
  }

  /** The runs of a reader on a kind of traffic, one of each round. */
  List<Result> of(ReaderKind reader, Traffic traffic) {
    return all.stream().filter(r -> r.reader() == reader && r.traffic().equals(traffic)).toList();
  }

  /** A figure of each round, if there was any. */
  Optional<Samples> samples(ReaderKind reader, Traffic traffic, ToDoubleFunction<Result> figure) {
    return samples(of(reader, traffic).stream().map(figure::applyAsDouble));
  }

  /** What the one reader's thread takes for a frame by what the other's takes, in each round. */
  Optional<Samples> ratio(ReaderKind reader, ReaderKind other, Traffic traffic) {
    List<Result> others = of(other, traffic);
    return samples(
        of(reader, traffic).stream()
            .flatMap(
                ours ->
                    others.stream()
                        .filter(theirs -> theirs.round() == ours.round())
                        .map(t -> ours.readerNanosPerFrame() / t.readerNanosPerFrame())));
  }

  private static Optional<Samples> samples(Stream<Double> values) {
    double[] figures = values.mapToDouble(Double::doubleValue).toArray();
    return figures.length == 0 ? Optional.empty() : Optional.of(Samples.of(figures));
  }
}
