package dev.ringtap.bench.live;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;

/** A reader that answers each line as {@code bench/c/marks.h} says. */
final class AnsweringProcess extends ReaderProcess {
  private static final int LOOK_MILLIS = 20;

  private final ReaderKind kind;
  private final Writer questions;
  private final BufferedReader answers;

  private AnsweringProcess(Process process, ReaderKind kind) {
    super(process, LOOK_MILLIS);
    this.kind = kind;
    questions = process.outputWriter();
    answers = process.inputReader();
  }

  static AnsweringProcess start(Wire wire, ReaderKind kind) throws IOException {
    AnsweringProcess started = new AnsweringProcess(wire.startReader(kind, Redirect.INHERIT), kind);
    started.answer();
    return started;
  }

  @Override
  Mark mark() throws IOException {
    questions.write("mark\n");
    questions.flush();
    return mark(answer(), processNanos());
  }

  @Override
  Mark end() throws IOException {
    long processNanos = processNanos();
    questions.close();
    return mark(answer(), processNanos);
  }

  private static Mark mark(String answer, long processNanos) {
    String[] numbers = answer.split(" ");
    return new Mark(
        Long.parseLong(numbers[0]),
        Long.parseLong(numbers[2]),
        Long.parseLong(numbers[3]),
        processNanos);
  }

  private String answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("the reader " + kind.title() + " ended; its reason stands above");
    }
    return line;
  }
}
