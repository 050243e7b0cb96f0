/** UDP: ports, datagrams, nothing else. */
package io.uk4j.net.tcpip.udp;
