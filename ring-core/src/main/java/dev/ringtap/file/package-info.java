/**
 * Reads and writes capture files. {@link dev.ringtap.file.CaptureFile} replays pcap and pcapng as
 * blocks in the ring's layout, so that readers of a live capture read files too; {@link
 * dev.ringtap.file.PcapngWriter} writes frames as pcapng.
 */
@NullMarked
package dev.ringtap.file;

import org.jspecify.annotations.NullMarked;
