/**
 * TCP. A {@link io.uk4j.net.tcpip.tcp.Connection} is state; what happens to it lies in files by topic: input, output,
 * acknowledgements, timers, handshake. Nothing is sent from within input or a call of the application: connections that
 * have something to say wait in a list, and the round's output walks it.
 */
package io.uk4j.net.tcpip.tcp;
