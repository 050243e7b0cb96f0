/** Configuration: typed keys under {@code uk.}, where their values come from, and how a wrong one is refused. */
package io.uk4j.core.config;
