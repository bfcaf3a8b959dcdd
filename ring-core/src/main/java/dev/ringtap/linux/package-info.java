/**
 * The kernel's and libpcap's C interfaces by the Foreign Function &amp; Memory API: system calls,
 * structures with their offsets, error numbers. All native calls of Ringtap are here; nothing here
 * knows what a capture is. Structures are those of the kernel's headers, by their names there.
 */
@NullMarked
package dev.ringtap.linux;

import org.jspecify.annotations.NullMarked;
