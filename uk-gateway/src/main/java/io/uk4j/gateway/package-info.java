/**
 * The gateway: a pair of rings between two loops, a stack that accepts every address, and relays to the host's sockets.
 *
 * <p>{@link io.uk4j.gateway.GatewayProvider} says what it does and what it does not.
 */
package io.uk4j.gateway;
