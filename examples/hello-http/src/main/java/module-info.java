/** An appliance that speaks HTTP/1.1. */
@org.jspecify.annotations.NullMarked
module io.uk4j.example.hellohttp {
    requires io.uk4j.core;
    requires io.uk4j.net.pcap;
    requires io.uk4j.net.tcpip;
    requires io.uk4j.sched;
    requires jdk.jfr;
    requires static org.jspecify;
}
