package dev.ringtap.registry;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;

/** The body of an answer as text, up to a number of bytes: whoever answers may send on for ever. */
final class LimitedText implements BodySubscriber<String> {
  /** The answer was longer. */
  static final class TooLongException extends IOException {
    private static final long serialVersionUID = 1;

    private TooLongException(int mostBytes) {
      super("an answer of more than " + mostBytes + " bytes");
    }
  }

  private final BodySubscriber<String> text = BodySubscribers.ofString(StandardCharsets.UTF_8);
  private final int mostBytes;

  private Subscription subscription;
  private long bytes;

  @SuppressWarnings("NullAway.Init") // onSubscribe comes first
  LimitedText(int mostBytes) {
    this.mostBytes = mostBytes;
  }

  @Override
  public void onSubscribe(Subscription given) {
    subscription = given;
    text.onSubscribe(given);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      bytes += buffer.remaining();
    }
    if (bytes > mostBytes) {
      subscription.cancel();
      text.onError(new TooLongException(mostBytes));
    } else {
      text.onNext(buffers);
    }
  }

  @Override
  public void onError(Throwable failure) {
    text.onError(failure);
  }

  @Override
  public void onComplete() {
    text.onComplete();
  }

  @Override
  public CompletionStage<String> getBody() {
    return text.getBody();
  }
}
