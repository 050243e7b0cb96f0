/** How an image is made: the class path, the Java runtime, the C library, the tree, the manifest and the bill of materials. */
@org.jspecify.annotations.NullMarked
package io.uk4j.maven.image;
