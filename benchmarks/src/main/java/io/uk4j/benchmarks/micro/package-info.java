/** JMH suites over single mechanisms. */
@org.jspecify.annotations.NullMarked
package io.uk4j.benchmarks.micro;
