/** What a process that runs as a service tells its service manager. */
@NullMarked
package dev.ringtap.service;

import org.jspecify.annotations.NullMarked;
