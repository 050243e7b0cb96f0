package io.uk4j.virtio.driver;

import io.uk4j.core.DeviceException;
import io.uk4j.virtio.Features;

/** Which features are used: what the device offers, what the driver wants, what both settle on, and how that is told. */
final class Negotiation {
    private final String device;
    private final FeatureNames names;
    private final long required;
    private final long wanted;
    private long offered;
    private long settled;
    private boolean isSettled;

    /**
     * Begins with nothing settled.
     *
     * @param device its name, for messages
     * @param names of its type's features
     * @param required features without which the driver cannot work
     * @param wanted features that the driver uses where they are offered, the required ones included
     */
    Negotiation(String device, FeatureNames names, long required, long wanted) {
        this.device = device;
        this.names = names;
        this.required = required | Features.VERSION_1;
        this.wanted = wanted | this.required;
    }

    /**
     * Settles on what is offered and wanted; after the first time on the same again, since what the driver has told its user
     * must stay true.
     *
     * @throws DeviceException if the device does not offer what is needed
     */
    long settle(long newlyOffered) {
        offered = newlyOffered;
        long needed = isSettled ? settled : required;
        if (!Features.has(offered, needed)) {
            throw new DeviceException(
                    device + " does not offer " + names.describe(needed & ~offered)
                            + (isSettled ? ", which it did before." : ", which is needed."),
                    "It offers: " + names.describe(offered),
                    isSettled ? "restart the appliance, or the device as it was" : null);
        }
        settled = isSettled ? settled : offered & wanted;
        isSettled = true;
        return settled;
    }

    /** Gives up a feature that turned out to be of no use, before it is accepted. */
    long without(long features) {
        settled &= ~features;
        return settled;
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
