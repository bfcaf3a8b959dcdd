/** The speed of the ring, its filters and encoders, with tables and plots for the pages. */
package dev.ringtap.bench;
