/** Ethernet, ARP, IPv4, ICMP, UDP and TCP, with callbacks on the loop and blocking streams for fibers. */
@org.jspecify.annotations.NullMarked
module io.uk4j.net.tcpip {
    requires transitive io.uk4j.core;
    requires static transitive org.jspecify;

    exports io.uk4j.net.tcpip;
}
