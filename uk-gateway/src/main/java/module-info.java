/** A network device without privileges: its far end is a second stack that relays to the host's sockets. */
@org.jspecify.annotations.NullMarked
module io.uk4j.gateway {
    requires io.uk4j.core;
    requires io.uk4j.mm;
    requires io.uk4j.net.tcpip;
    requires static org.jspecify;
}
