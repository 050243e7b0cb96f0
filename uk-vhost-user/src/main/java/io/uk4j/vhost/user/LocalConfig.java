package io.uk4j.vhost.user;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the front end contributes to a device whose back end has no configuration of its own. A network back end moves frames
 * only: hardware address, MTU, link state and the control queue are the front end's.
 *
 * @param queues how many queues the device has
 * @param frontEndFeatures features that are the front end's to offer, and that the back end's word does not count for
 * @param offeredFeatures those of them that this front end offers
 * @param mtuBytes the link's MTU; 0 where it is not known or there is none
 */
record LocalConfig(int queues, long frontEndFeatures, long offeredFeatures, int mtuBytes) {
    private static final int MTU = 10;
    private static final int NET_CONFIG_BYTES = 12;

    /** The features of the whole device, back end and front end together. */
    long adjust(long backEndFeatures, boolean hasConfig) {
        return hasConfig ? backEndFeatures : (backEndFeatures & ~frontEndFeatures) | offeredFeatures;
    }

    /** The configuration of a network device. */
    ByteBuffer config() {
        return ByteBuffer.allocate(NET_CONFIG_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(MTU, (short) mtuBytes);
    }
}
