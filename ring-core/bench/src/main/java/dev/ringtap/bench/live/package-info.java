/** Readers of live traffic beside one another: what they lose, and what they cost. */
package dev.ringtap.bench.live;
