/**
 * Flows (RFC 5103 biflows) that know what their capture lost: {@link dev.ringtap.flow.FlowTable}
 * gathers frames into {@link dev.ringtap.flow.Biflow}s and hands each over when it ends.
 */
@NullMarked
package dev.ringtap.flow;

import org.jspecify.annotations.NullMarked;
