package io.uk4j.virtio.transport;

/**
 * An interrupt that a device raises by writing to memory (PCI 3.0, section 6.8). The transport puts address and data into the
 * function's MSI-X table; which of them reach which processor, and as what, the platform knows.
 *
 * <p>Thread rule: immutable.
 *
 * @param interrupt what comes of it
 * @param address where the device writes; a multiple of 4
 * @param data what it writes there
 */
public record MessageInterrupt(Interrupt interrupt, long address, int data) {
    /**
     * Checks the address.
     *
     * @throws IllegalArgumentException if it is not a multiple of 4
     */
    public MessageInterrupt {
        if (address % 4 != 0) {
            throw new IllegalArgumentException(
                    "A message goes to a multiple of 4, not to 0x" + Long.toHexString(address) + ".");
        }
    }
}
