package io.uk4j.virtio.transport;

/** Bits of the device status field (VIRTIO 1.3, section 2.1), and of the causes of an interrupt. */
final class DeviceStatus {
    static final int ACKNOWLEDGE = 1;
    static final int DRIVER = 2;
    static final int DRIVER_OK = 4;
    static final int FEATURES_OK = 8;
    static final int NEEDS_RESET = 64;
    static final int FAILED = 128;

    /** Cause of an interrupt: a queue has something (sections 4.1.4.5 and 4.2.2). */
    static final int QUEUE_CAUSE = 1;

    /** Cause of an interrupt: the configuration has changed, or the device needs a reset. */
    static final int CONFIG_CAUSE = 2;

    private DeviceStatus() {}
}
