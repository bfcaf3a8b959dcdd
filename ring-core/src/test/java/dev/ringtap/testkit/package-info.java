/**
 * What the tests of all modules share: made-up packets, private networks, tcpdump, fuzz targets,
 * and what a test needs of the machine. The test jar holds this package and what the benchmarks
 * share.
 */
package dev.ringtap.testkit;
