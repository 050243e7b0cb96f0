/** The stack as an application sees it: addresses, listeners, connections, streams, datagram sockets. */
package io.uk4j.net.tcpip;
