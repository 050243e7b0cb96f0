/** Counters and gauges, readable as text and through JMX. */
package io.uk4j.core.metrics;
