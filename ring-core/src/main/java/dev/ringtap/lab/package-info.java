/**
 * Private network namespaces with a virtual wire, and a sender of frames: for the demo and for
 * tests. Captures do not use it.
 */
package dev.ringtap.lab;
