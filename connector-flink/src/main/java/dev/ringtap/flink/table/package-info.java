/**
 * {@code 'connector' = 'ringtap'} for Flink SQL: the table factory, its columns and options, and
 * the compiler that turns a query's predicates into a BPF filter for the kernel.
 */
@NullMarked
package dev.ringtap.flink.table;

import org.jspecify.annotations.NullMarked;
