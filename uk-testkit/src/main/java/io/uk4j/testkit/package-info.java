/**
 * Contract suites are abstract classes: extend one, say how to open what is tested, and inherit its tests. Everything else
 * is a helper to be called from any test.
 *
 * <p>Thread rule of the whole package, unless a type says otherwise: used by the thread that runs the test.
 */
package io.uk4j.testkit;
