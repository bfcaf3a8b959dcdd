/**
 * Private network namespaces with a virtual wire, and a sender of frames: for the demo and for
 * tests. Captures do not use it.
 */
@NullMarked
package dev.ringtap.lab;

import org.jspecify.annotations.NullMarked;
