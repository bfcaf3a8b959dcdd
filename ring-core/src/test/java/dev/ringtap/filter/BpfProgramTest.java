package dev.ringtap.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ringtap.filter.BpfProgram.Instruction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 10, unit = TimeUnit.SECONDS)
class BpfProgramTest {
  private static final String IP = "4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n";

  @Test
  void readsWhatTcpdumpPrints() {
    assertThat(BpfProgram.parse(IP).instructions())
        .containsExactly(
            new Instruction(40, 0, 0, 12),
            new Instruction(21, 0, 1, 2048),
            new Instruction(6, 0, 0, 262_144),
            new Instruction(6, 0, 0, 0));
    assertThat(BpfProgram.parse("1\n6 0 0 4294967295").instructions())
        .containsExactly(new Instruction(6, 0, 0, -1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "tcp port 80;line 1: the number of instructions is not a number from 0 to 4096",
        "2|6 0 0 0;line 1: not the number of the lines that follow",
        "1|6 0 0;line 2: not four numbers `code jt jf k`",
        "1|6 0 0 x;line 2: k is not a number from 0 to 4294967295",
        "1|6 256 0 1;line 2: jt is not a number from 0 to 255",
        "1|40 0 0 12;does not end with a return",
        "2|21 1 0 5|6 0 0 0;BPF instruction 0 (code 21): jumps past the end",
        "2|5 0 0 1|6 0 0 0;jumps past the end",
        "2|5 0 0 4294967295|6 0 0 0;jumps backwards, and the kernel takes no loops",
        "2|52 0 0 0|6 0 0 0;division by 0",
        "2|2 0 0 16|6 0 0 0;scratch word 16 is not from 0 to 15",
        "2|96 0 0 3|6 0 0 0;scratch word 3 is read and was not always written before",
        "5|48 0 0 0|21 0 1 6|2 0 0 1|97 0 0 1|6 0 0 0;instruction 3 (code 97): scratch word 1",
        "2|100 0 0 32|6 0 0 0;shift by 32 is not from 0 to 31",
        "2|255 0 0 0|6 0 0 0;unknown instruction",
        "2|161 0 0 0|6 0 0 0;unknown instruction",
        "1|30 0 0 0;unknown return",
        "2|48 0 0 4294967295|6 0 0 0;loads the kernel's ancillary value 4095, which does not exist",
        "2|48 0 0 4294963264|6 0 0 0;loads the kernel's ancillary value 64, which does not exist",
        "0;a BPF program of 0 instructions",
      })
  void refusesWhatTheKernelWouldRefuse(String text, String message) {
    assertThatThrownBy(() -> BpfProgram.parse(text.replace('|', '\n')))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void cutsToTheSnapLengthAndKeepsRefusals() {
    assertThat(BpfProgram.parse(IP).cutTo(96).instructions())
        .endsWith(new Instruction(6, 0, 0, 96), new Instruction(6, 0, 0, 0));
    assertThat(BpfProgram.parse("1\n6 0 0 40").cutTo(96).instructions())
        .containsExactly(new Instruction(6, 0, 0, 40));
  }

  @Test
  void tooLongAProgramNamesTheLimit() {
    List<Instruction> many = java.util.Collections.nCopies(4097, new Instruction(6, 0, 0, 0));
    assertThatThrownBy(() -> new BpfProgram(many))
        .hasMessage("a BPF program of 4097 instructions; from 1 to 4096 are allowed");
  }

  @Test
  void readsRegularFilesAndShowsNothingOfThem(@TempDir Path directory) throws IOException {
    Path program = Files.writeString(directory.resolve("program"), IP);
    assertThat(BpfProgram.read(program).instructions())
        .isEqualTo(BpfProgram.parse(IP).instructions());
    for (String secret : List.of("root:s3cret:0", "31337", "1\n6 0 0 s3cret", "2\n31337 31337")) {
      Path file = Files.writeString(directory.resolve("file"), secret);
      assertThatThrownBy(() -> BpfProgram.read(file))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith(file + ": line ")
          .hasMessageNotContainingAny("s3cret", "31337");
    }
    Path large = Files.writeString(directory.resolve("large"), "\n".repeat((256 << 10) + 1));
    assertThatThrownBy(() -> BpfProgram.read(large)).hasMessage(large + ": larger than 256 KiB");
    Path none = directory.resolve("none");
    assertThatThrownBy(() -> BpfProgram.read(none)).hasMessage(none + ": no such file");
    assertThatThrownBy(() -> BpfProgram.read(directory))
        .hasMessage(directory + ": not a regular file");
    // it has no end, and the others no length
    assertThatThrownBy(() -> BpfProgram.read(Path.of("/dev/zero")))
        .hasMessage("/dev/zero: not a regular file");
    for (String each : List.of("/proc/self/environ", "/proc/self/status")) {
      assertThatThrownBy(() -> BpfProgram.read(Path.of(each))).hasMessage(each + ": empty");
    }
  }
}
