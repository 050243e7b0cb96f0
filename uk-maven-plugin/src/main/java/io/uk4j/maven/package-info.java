/** The goals of the plugin: what they take from the project, and in which order they do their work. */
@org.jspecify.annotations.NullMarked
package io.uk4j.maven;
