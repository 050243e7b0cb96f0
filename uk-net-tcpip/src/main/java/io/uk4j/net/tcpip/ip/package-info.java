/** The internet layer: packets, routing, fragments, and the seam to the transports. */
package io.uk4j.net.tcpip.ip;
