/** A key-value store that answers lines over TCP, and keeps what it has acknowledged in a log on a block device. */
@org.jspecify.annotations.NullMarked
package io.uk4j.example.keyvalue;
