/** Packet capture: a layer around a network device, and the writer of the file. */
package io.uk4j.net.pcap;
