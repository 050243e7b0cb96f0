/** The hosted platform and its devices. */
package io.uk4j.platform.unix;
