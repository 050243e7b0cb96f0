package io.uk4j.vhost.user;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the front end contributes to a device whose back end has no configuration of its own. A network back end moves frames
 * only: hardware address, MTU, link state and the control queue are the front end's.
 *
 * @param queuesEach how many queues one of those is that a back end counts: 2 where they are pairs
 * @param frontEndFeatures features that are the front end's to offer, and that the back end's word does not count for
 * @param offeredFeatures those of them that this front end offers
 * @param mtuBytes the link's MTU; 0 where it is not known or there is none
 */
record LocalConfig(int queuesEach, long frontEndFeatures, long offeredFeatures, int mtuBytes) {
    /** The most queues, or pairs, that a back end is believed to have. */
    static final int COUNT_LIMIT = 0x8000;

    private static final long CTRL_VQ = 1L << 17;
    private static final long MQ = 1L << 22;

    /** VIRTIO_NET_F_MTU, MAC, STATUS, CTRL_VQ to CTRL_RX_EXTRA, GUEST_ANNOUNCE, MQ and CTRL_MAC_ADDR. */
    private static final long NETWORK =
            1L << 3 | 1L << 5 | 1L << 16 | CTRL_VQ | 1L << 18 | 1L << 19 | 1L << 20 | 1L << 21 | MQ | 1L << 23;

    private static final long MTU = 1L << 3;
    private static final int MAX_PAIRS_AT = 8;
    private static final int MTU_AT = 10;
    private static final int NET_CONFIG_BYTES = 12;

    /** A network device's. */
    static LocalConfig network(int mtuBytes) {
        return new LocalConfig(2, NETWORK, MTU, mtuBytes);
    }

    /** A block device's: its back end has a configuration. */
    static LocalConfig block() {
        return new LocalConfig(1, 0, 0, 0);
    }

    /** Whether the front end has a control queue, behind all that the back end has. */
    boolean hasControl(int count) {
        return queuesEach == 2 && count > 1;
    }

    /** The features of the whole device, back end and front end together. */
    long adjust(long backEndFeatures, boolean hasConfig, int count) {
        long own = offeredFeatures | (hasControl(count) ? CTRL_VQ | MQ : 0);
        return hasConfig ? backEndFeatures : (backEndFeatures & ~frontEndFeatures) | own;
    }

    /** The configuration of a network device. */
    ByteBuffer config(int count) {
        return ByteBuffer.allocate(NET_CONFIG_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(MAX_PAIRS_AT, (short) count)
                .putShort(MTU_AT, (short) mtuBytes);
    }
}
