/** Benchmarks against peers in the same run, and the front that lists and runs them. */
@org.jspecify.annotations.NullMarked
package io.uk4j.benchmarks;
