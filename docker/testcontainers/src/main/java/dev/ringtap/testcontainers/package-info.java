/**
 * The packets of a test's containers: {@link dev.ringtap.testcontainers.RingtapContainer} runs the
 * agent beside a container and hands over what it captured.
 */
@NullMarked
package dev.ringtap.testcontainers;

import org.jspecify.annotations.NullMarked;
