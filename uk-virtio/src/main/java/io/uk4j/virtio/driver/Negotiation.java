package io.uk4j.virtio.driver;

import io.uk4j.core.DeviceException;
import io.uk4j.virtio.Features;
import org.jspecify.annotations.Nullable;

/** Which features are used: what the device offers, what the driver wants, what both settle on, and how that is told. */
final class Negotiation {
    private final String device;
    private final FeatureNames names;
    private final long wanted;
    private long offered;
    private long settled;

    /**
     * Begins with nothing settled.
     *
     * @param device its name, for messages
     * @param names of its type's features
     * @param wanted features that the driver uses where they are offered; it needs none but VERSION_1
     */
    Negotiation(String device, FeatureNames names, long wanted) {
        this.device = device;
        this.names = names;
        this.wanted = wanted | Features.VERSION_1;
    }

    /**
     * Settles on what is offered and wanted.
     *
     * @throws DeviceException if the device does not offer what is needed
     */
    void settle(long newlyOffered) {
        offered = newlyOffered;
        if (!Features.has(offered, Features.VERSION_1)) {
            throw lacking(Features.VERSION_1, "which is needed.", null);
        }
        settled = offered & wanted;
    }

    /** Whether a device that came back offers what was settled on: if not, why it is of no use, since that was relied on. */
    @Nullable
    DeviceException changed(long newlyOffered) {
        offered = newlyOffered;
        return Features.has(offered, settled)
                ? null
                : lacking(settled, "which it did before.", "restart the appliance, or the device as it was");
    }

    private DeviceException lacking(long needed, String why, @Nullable String remedy) {
        return new DeviceException(
                device + " does not offer " + names.describe(needed & ~offered) + ", " + why,
                "It offers: " + names.describe(offered),
                remedy);
    }

    /** Gives up a feature that is of no use without another, before it is accepted. */
    void without(long features) {
        settled &= ~features;
    }

    long settled() {
        return settled;
    }

    boolean has(long feature) {
        return Features.has(settled, feature);
    }

    String describe() {
        return "features offered: " + names.describe(offered) + "\nfeatures wanted: " + names.describe(wanted)
                + "\nfeatures settled: " + names.describe(settled);
    }
}
