/** The examples as processes, with the kernel and its tools as peers. */
@NullMarked
package io.uk4j.system;

import org.jspecify.annotations.NullMarked;
