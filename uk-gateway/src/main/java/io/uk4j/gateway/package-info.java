/** The gateway: rings between two loops, a stack that accepts every address, and relays to the host's sockets. */
package io.uk4j.gateway;
