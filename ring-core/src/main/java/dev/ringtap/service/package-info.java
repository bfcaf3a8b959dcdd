/** What a process that runs as a service tells its service manager. */
package dev.ringtap.service;
