/**
 * A network device without privileges, {@code uk.net.device=gateway:8080=80}: its far end is a second stack that relays to
 * the host's sockets. No native call, no flag.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.gateway {
    requires transitive io.uk4j.core;
    requires io.uk4j.mm;
    requires io.uk4j.net.tcpip;
    requires io.uk4j.sched;
    requires static transitive org.jspecify;

    exports io.uk4j.gateway;

    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.gateway.GatewayKeys;
    provides io.uk4j.core.net.NetDeviceProvider with
            io.uk4j.gateway.GatewayProvider;
}
