/** Ethernet over one device, and ARP. */
package io.uk4j.net.tcpip.link;
