package dev.ringtap.record;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The flows' page has the schema's fields; {@code -Dreadme.update=true} writes them anew. */
@Timeout(10)
class FlowPageTest {
  @Test
  void theTableHasAllFields() throws IOException {
    StringBuilder table = new StringBuilder("| field | Avro type | meaning |\n|---|---|---|\n");
    RecordPageTest.appendRows(table, "", PacketSchema.publishedFlow());
    RecordPageTest.assertRegion(Path.of("FLOWS.md"), "fields", table.toString());
  }
}
