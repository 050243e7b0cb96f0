package io.uk4j.virtio.driver;

import java.util.Map;

/** Feature bits and configuration fields of the network device (VIRTIO 1.3, sections 5.1.3 and 5.1.4). */
final class NetFeatures {
    static final long CSUM = 1L;
    static final long GUEST_CSUM = 1L << 1;
    static final long MTU = 1L << 3;
    static final long MAC = 1L << 5;
    static final long GUEST_TSO4 = 1L << 7;
    static final long GUEST_TSO6 = 1L << 8;
    static final long GUEST_ECN = 1L << 9;
    static final long HOST_TSO4 = 1L << 11;
    static final long HOST_TSO6 = 1L << 12;
    static final long HOST_ECN = 1L << 13;
    static final long MRG_RXBUF = 1L << 15;
    static final long STATUS = 1L << 16;
    static final long CTRL_VQ = 1L << 17;
    static final long MQ = 1L << 22;
    static final long CTRL_MAC_ADDR = 1L << 23;
    static final long GUEST_USO4 = 1L << 54;
    static final long GUEST_USO6 = 1L << 55;
    static final long HOST_USO = 1L << 56;

    /** The device may put TCP segments together. */
    static final long GUEST_TSO = GUEST_TSO4 | GUEST_TSO6;

    /** The device may put UDP datagrams together. */
    static final long GUEST_USO = GUEST_USO4 | GUEST_USO6;

    static final int CONFIG_MAC = 0;
    static final int CONFIG_STATUS = 6;
    static final int CONFIG_MAX_PAIRS = 8;
    static final int CONFIG_MTU = 10;

    /** The most pairs of queues that a device has (section 5.1.4.1). */
    static final int PAIRS_LIMIT = 0x8000;

    // Classes and commands of the control queue (section 5.1.6.5).
    static final int CONTROL_MAC = 1;
    static final int MAC_ADDR_SET = 1;
    static final int CONTROL_MQ = 4;
    static final int MQ_PAIRS_SET = 0;

    /** Bit of the status field. */
    static final int LINK_UP = 1;

    static final FeatureNames NAMES = new FeatureNames(Map.ofEntries(
            Map.entry(0, "csum"),
            Map.entry(1, "guest_csum"),
            Map.entry(2, "ctrl_guest_offloads"),
            Map.entry(3, "mtu"),
            Map.entry(5, "mac"),
            Map.entry(7, "guest_tso4"),
            Map.entry(8, "guest_tso6"),
            Map.entry(9, "guest_ecn"),
            Map.entry(10, "guest_ufo"),
            Map.entry(11, "host_tso4"),
            Map.entry(12, "host_tso6"),
            Map.entry(13, "host_ecn"),
            Map.entry(14, "host_ufo"),
            Map.entry(15, "mrg_rxbuf"),
            Map.entry(16, "status"),
            Map.entry(17, "ctrl_vq"),
            Map.entry(18, "ctrl_rx"),
            Map.entry(19, "ctrl_vlan"),
            Map.entry(20, "ctrl_rx_extra"),
            Map.entry(21, "guest_announce"),
            Map.entry(22, "mq"),
            Map.entry(23, "ctrl_mac_addr"),
            Map.entry(51, "hash_tunnel"),
            Map.entry(52, "vq_notf_coal"),
            Map.entry(53, "notf_coal"),
            Map.entry(54, "guest_uso4"),
            Map.entry(55, "guest_uso6"),
            Map.entry(56, "host_uso"),
            Map.entry(57, "hash_report"),
            Map.entry(59, "guest_hdrlen"),
            Map.entry(60, "rss"),
            Map.entry(61, "rsc_ext"),
            Map.entry(62, "standby"),
            Map.entry(63, "speed_duplex")));

    private NetFeatures() {}
}
