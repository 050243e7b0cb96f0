/** What of hello-http runs on a peer: in the package of the example, whose pages are seen nowhere else. */
@NullMarked
package io.uk4j.example.hellohttp;

import org.jspecify.annotations.NullMarked;
