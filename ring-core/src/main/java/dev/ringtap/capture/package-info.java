/**
 * Reads Linux's packet ring. {@link dev.ringtap.capture.PacketCapture} opens it, {@link
 * dev.ringtap.capture.BlockSource} is what every reader of blocks knows of it, {@link
 * dev.ringtap.capture.Block} is a lease on a block of frames and {@link dev.ringtap.capture.Frame}
 * a view of one of them. {@link dev.ringtap.capture.CaptureConfig} and {@link
 * dev.ringtap.capture.CaptureOption} say how to capture.
 *
 * <p>Start with {@code PacketCapture}; {@code PacketRing} places the losses. DESIGN.md beside this
 * module says why the counts are exact.
 */
@NullMarked
package dev.ringtap.capture;

import org.jspecify.annotations.NullMarked;
