/**
 * Schema registries with Confluent's API: registers a schema, looks schema IDs up, and decodes
 * values in their wire format.
 */
@NullMarked
package dev.ringtap.registry;

import org.jspecify.annotations.NullMarked;
