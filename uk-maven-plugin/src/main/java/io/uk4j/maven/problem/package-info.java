/** What can go wrong through no fault of the plugin's, each with a code that docs/errors.md explains. */
@org.jspecify.annotations.NullMarked
package io.uk4j.maven.problem;
