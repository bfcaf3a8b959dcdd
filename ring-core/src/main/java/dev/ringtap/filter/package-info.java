/**
 * BPF filters: {@link dev.ringtap.filter.FilterCompiler} compiles pcap-filter(7) expressions by
 * libpcap, {@link dev.ringtap.filter.BpfProgram} is the program that the kernel runs, and {@link
 * dev.ringtap.filter.BpfInterpreter} runs it in user space, on files and on frames that are in the
 * ring already.
 */
@NullMarked
package dev.ringtap.filter;

import org.jspecify.annotations.NullMarked;
