/** What an image is made of, told as text and as a page with a picture of its sizes. */
@org.jspecify.annotations.NullMarked
package io.uk4j.maven.describe;
