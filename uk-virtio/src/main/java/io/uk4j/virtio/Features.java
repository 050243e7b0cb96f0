package io.uk4j.virtio;

/** Feature bits that are no single device type's (VIRTIO 1.3, section 6), as masks. */
public final class Features {
    /** A descriptor may refer to a table of descriptors (VIRTIO_F_INDIRECT_DESC). */
    public static final long INDIRECT_DESC = 1L << 28;

    /** Notifications are suppressed by an index rather than by a flag (VIRTIO_F_EVENT_IDX). */
    public static final long EVENT_IDX = 1L << 29;

    /** The device is as this standard says, not as it was before (VIRTIO_F_VERSION_1). */
    public static final long VERSION_1 = 1L << 32;

    /** The device's accesses are translated or limited by the platform (VIRTIO_F_ACCESS_PLATFORM). */
    public static final long ACCESS_PLATFORM = 1L << 33;

    /** Queues have the packed layout (VIRTIO_F_RING_PACKED). */
    public static final long RING_PACKED = 1L << 34;

    /** The device uses descriptors in the order in which they were made available (VIRTIO_F_IN_ORDER). */
    public static final long IN_ORDER = 1L << 35;

    /** Memory accesses need real barriers (VIRTIO_F_ORDER_PLATFORM). */
    public static final long ORDER_PLATFORM = 1L << 36;

    private Features() {}

    /** Whether a set has every one of the given bits. */
    public static boolean has(long features, long wanted) {
        return (features & wanted) == wanted;
    }
}
