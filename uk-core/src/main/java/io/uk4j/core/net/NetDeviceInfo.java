package io.uk4j.core.net;

/**
 * What a network device is and what it can do.
 *
 * @param name a short name, unique in the appliance, such as {@code uk0}; stands in counters, captures and messages
 * @param mac the interface's own hardware address
 * @param mtuBytes the largest IP packet that the link carries, in bytes, without the Ethernet header
 * @param offloads a set of the {@code OFFLOAD_} bits
 * @param maxFrameBytes the longest frame that {@link NetDevice#offer} takes, in bytes, with its Ethernet header: 14 more
 *     than the MTU, or up to 65,549 with segmentation offload
 * @param maxFragments how many fragments an offered frame may have, 1 or more
 * @param headroomBytes how many bytes in front of an offered frame's first fragment the device would like to use; it
 *     copies, or takes another way, where they are not there
 */
public record NetDeviceInfo(
        String name,
        MacAddress mac,
        int mtuBytes,
        int offloads,
        int maxFrameBytes,
        int maxFragments,
        int headroomBytes) {

    /** Offered frames may leave their TCP or UDP checksum to the device ({@link FrameBatch#NEEDS_CHECKSUM}). */
    public static final int OFFLOAD_TX_CHECKSUM = 1;

    /** Offered frames may be TCP over IPv4 longer than the MTU, to be cut by the device. Implies the checksum. */
    public static final int OFFLOAD_TSO4 = 1 << 1;

    /** Offered frames may be TCP over IPv6 longer than the MTU, to be cut by the device. Implies the checksum. */
    public static final int OFFLOAD_TSO6 = 1 << 2;

    /** Received frames may say that their checksum was verified or is not filled in yet. */
    public static final int OFFLOAD_RX_CHECKSUM = 1 << 3;

    /** Received frames may be several TCP segments, or UDP datagrams ({@link FrameBatch#GSO_UDP}), in one, longer than the MTU. */
    public static final int OFFLOAD_RX_LARGE = 1 << 4;

    /** Offered frames may be UDP longer than the MTU, to be cut into datagrams by the device. Implies the checksum. */
    public static final int OFFLOAD_USO = 1 << 5;

    /** Checks the ranges, and adds the checksum where segmentation implies it. */
    public NetDeviceInfo {
        if ((offloads & (OFFLOAD_TSO4 | OFFLOAD_TSO6 | OFFLOAD_USO)) != 0) {
            offloads |= OFFLOAD_TX_CHECKSUM;
        }
        if (mtuBytes < 68 || mtuBytes > 65_535) {
            throw new IllegalArgumentException("MTU " + mtuBytes + " is not within 68 (RFC 791) and 65535.");
        }
        if (maxFrameBytes < mtuBytes + 14 || maxFragments < 1 || headroomBytes < 0) {
            throw new IllegalArgumentException("maxFrameBytes " + maxFrameBytes + ", maxFragments " + maxFragments
                    + " or headroomBytes " + headroomBytes + " is too small.");
        }
    }

    /** Whether the device has every one of the given offloads. */
    public boolean has(int wanted) {
        return (offloads & wanted) == wanted;
    }
}
