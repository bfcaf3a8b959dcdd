/**
 * Schema registries with Confluent's API: registers a schema, looks schema IDs up, and decodes
 * values in their wire format.
 */
package dev.ringtap.registry;
