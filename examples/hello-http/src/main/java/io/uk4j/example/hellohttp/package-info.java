/** The site that the appliance serves, and its {@code main}. */
package io.uk4j.example.hellohttp;
