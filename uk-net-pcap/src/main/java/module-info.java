/** Packet capture inside an appliance. An application that depends on it has the keys {@code uk.pcap.*}, and needs no code for it. */
@org.jspecify.annotations.NullMarked
module io.uk4j.net.pcap {
    requires transitive io.uk4j.core;
    requires static transitive org.jspecify;

    exports io.uk4j.net.pcap;

    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.net.pcap.PcapKeys;
    provides io.uk4j.core.net.NetDeviceLayer with
            io.uk4j.net.pcap.PcapLayer;
}
