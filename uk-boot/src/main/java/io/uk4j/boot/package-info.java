/**
 * The sealed file tree of an image. Its format is described in {@code src/main/c/include/uk4j/tree.h}: a header, entries in order of their
 * paths, the paths, a checksum for each page of data, and the data, which the boot layer reads and maps where it lies.
 */
package io.uk4j.boot;
