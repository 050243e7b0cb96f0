/** An appliance with the small services of RFC 862, 863, 864 and 867. */
@org.jspecify.annotations.NullMarked
module io.uk4j.example.inetd {
    requires io.uk4j.core;
    requires io.uk4j.net.tcpip;
    requires io.uk4j.sched;
    requires static org.jspecify;
}
