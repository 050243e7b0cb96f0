package io.uk4j.virtio.driver;

import io.uk4j.virtio.VirtioTransport;
import java.util.function.Supplier;

/** How drivers reach models of devices: each model that is made on this thread uses the present one. */
enum Bus {
    /** By calls, without registers. */
    DIRECT,
    /** MMIO with a level-triggered line. */
    MMIO,
    /** MMIO with an edge-triggered line. */
    MMIO_EDGE,
    /** PCI with a message for the configuration and one for each queue. */
    MESSAGES,
    /** PCI with one message for all. */
    ONE_MESSAGE,
    /** PCI with INTx. */
    LINE;

    private static final ThreadLocal<Bus> PRESENT = ThreadLocal.withInitial(() -> DIRECT);

    /** Makes this one the present one. */
    void use() {
        PRESENT.set(this);
    }

    /** Makes something with models that use this bus. */
    <T> T during(Supplier<T> maker) {
        Bus before = PRESENT.get();
        use();
        try {
            return maker.get();
        } finally {
            before.use();
        }
    }

    /** The driver's way to a model over the present bus. */
    static VirtioTransport attach(ModelTransport device, int type) {
        return switch (PRESENT.get()) {
            case DIRECT -> device;
            case MMIO -> new MmioModel(device, type, true).open(type, device.clock());
            case MMIO_EDGE -> new MmioModel(device, type, false).open(type, device.clock());
            case MESSAGES -> new PciModel(device, type, 3).open(type, device.clock());
            case ONE_MESSAGE -> new PciModel(device, type, 1).open(type, device.clock());
            case LINE -> new PciModel(device, type, 0).open(type, device.clock());
        };
    }
}
