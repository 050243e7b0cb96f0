package io.uk4j.virtio;

import io.uk4j.core.UkException;

/**
 * The device has broken the rules of the ring or of its protocol. Nothing of what it said was used. The driver answers with a
 * reset; whoever sees this one, out of a queue, is a driver.
 */
public final class VirtioException extends UkException {
    private static final long serialVersionUID = 1L;

    /** What a device did wrong; each is a label of a counter. */
    public enum Violation {
        /** The used index moved by more than was available, or backwards. */
        USED_INDEX,
        /** An id is out of range, or of nothing that is under way: unknown or replayed. */
        USED_ID,
        /** More bytes are said to be written than the chain has room for. */
        USED_LENGTH,
        /** The available index moved by more than the ring has entries. */
        AVAILABLE_INDEX,
        /** A chain of descriptors loops, is longer than the queue, or goes out of the table. */
        CHAIN,
        /** A descriptor lies outside of the memory that was shared. */
        ADDRESS,
        /** A device-readable descriptor follows a device-writable one, or an indirect one is not as it should be. */
        DESCRIPTOR,
        /** A register, a configuration field or a message says what it must not. */
        PROTOCOL
    }

    private final Violation violation;

    /**
     * Creates it.
     *
     * @param violation the kind
     * @param what what the device said, where, and what was expected
     */
    public VirtioException(Violation violation, String what) {
        super(what, null, null, null);
        this.violation = violation;
    }

    /** What the device did wrong. */
    public Violation violation() {
        return violation;
    }
}
