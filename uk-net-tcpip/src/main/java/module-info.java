/** Ethernet, ARP, IPv4, ICMP, UDP and TCP, with callbacks on the loop and blocking streams for fibers. */
@org.jspecify.annotations.NullMarked
module io.uk4j.net.tcpip {
    requires transitive io.uk4j.core;
    requires io.uk4j.mm;
    requires transitive io.uk4j.sched;
    requires static transitive org.jspecify;

    exports io.uk4j.net.tcpip;

    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.net.tcpip.NetKeys;
}
