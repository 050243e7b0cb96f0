/**
 * Wire formats: checks that look at a header's length once, and accessors that then read or write its fields in place,
 * given a buffer and the index where the header begins. Nothing is allocated.
 */
package io.uk4j.net.tcpip.wire;
