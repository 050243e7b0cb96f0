package io.uk4j.virtio.transport;

/** The common configuration structure (VIRTIO 1.3, section 4.1.4.3), and what structures take. */
final class PciLayout {
    static final int DEVICE_FEATURE_SELECT = 0;
    static final int DEVICE_FEATURE = 4;
    static final int DRIVER_FEATURE_SELECT = 8;
    static final int DRIVER_FEATURE = 12;
    static final int CONFIG_MSIX_VECTOR = 16;
    static final int NUM_QUEUES = 18;
    static final int DEVICE_STATUS = 20;
    static final int CONFIG_GENERATION = 21;
    static final int QUEUE_SELECT = 22;
    static final int QUEUE_SIZE = 24;
    static final int QUEUE_MSIX_VECTOR = 26;
    static final int QUEUE_ENABLE = 28;
    static final int QUEUE_NOTIFY_OFF = 30;
    static final int QUEUE_DESC = 32;
    static final int QUEUE_DRIVER = 40;
    static final int QUEUE_DEVICE = 48;

    /** As far as a driver goes that settled on none of the features whose fields follow. */
    static final int COMMON_BYTES = 56;

    /** In the place of a vector: none (section 4.1.5.1.2). */
    static final int NO_VECTOR = 0xffff;

    private PciLayout() {}

    /** What a structure takes at least, by its kind as in the capability. */
    static long neededBytes(int type) {
        return switch (type) {
            case 1 -> COMMON_BYTES;
            case 2 -> 2;
            default -> 1;
        };
    }

    /** What the place of a structure is a multiple of (sections 4.1.4.3.1, 4.1.4.4.1, 4.1.4.5 and 4.1.4.6.1). */
    static int alignment(int type) {
        return switch (type) {
            case 2 -> 2;
            case 3 -> 1;
            default -> 4;
        };
    }

    static Window commonPart(Window common) {
        return new Window(common.registers(), common.start(), COMMON_BYTES);
    }
}
