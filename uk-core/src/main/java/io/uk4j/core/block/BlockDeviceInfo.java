package io.uk4j.core.block;

import io.uk4j.core.block.BlockRequest.Operation;

/**
 * What a block device is and what it can do.
 *
 * @param name a short name, unique in the appliance
 * @param sectorBytes the unit of addressing, a power of two, 512 or more
 * @param sectors how many there are
 * @param readOnly whether writes are refused
 * @param maxFragments how many fragments a request may have, 1 or more
 * @param queueDepth how many requests may be under way, 1 or more
 * @param discard whether {@link BlockRequest.Operation#DISCARD} does anything; it is accepted everywhere
 */
public record BlockDeviceInfo(
        String name,
        int sectorBytes,
        long sectors,
        boolean readOnly,
        int maxFragments,
        int queueDepth,
        boolean discard) {

    /** Checks the ranges. */
    public BlockDeviceInfo {
        if (sectorBytes < 512 || Integer.bitCount(sectorBytes) != 1) {
            throw new IllegalArgumentException(
                    "A sector of " + sectorBytes + " bytes is not a power of two from 512 on.");
        }
        if (sectors < 0 || sectors > Long.MAX_VALUE / sectorBytes || maxFragments < 1 || queueDepth < 1) {
            throw new IllegalArgumentException("sectors " + sectors + ", maxFragments " + maxFragments
                    + " or queueDepth " + queueDepth + " is out of range.");
        }
    }

    /** The size of the whole device in bytes. */
    public long capacityBytes() {
        return sectors * sectorBytes;
    }

    /**
     * Checks that a request is one that this device can carry.
     *
     * @throws IllegalArgumentException if it reaches beyond the device, is empty, is not a multiple of its sector, has too many
     *     fragments, or would change a device that is read-only
     */
    public void check(BlockRequest request) {
        Operation operation = request.operation();
        if (operation == Operation.FLUSH) {
            return;
        }
        long offset = request.offsetBytes();
        long length = request.lengthBytes();
        if (offset < 0 || length <= 0 || length > capacityBytes() || offset > capacityBytes() - length) {
            throw new IllegalArgumentException(operation + " of " + length + " bytes at " + offset
                    + " reaches beyond the " + capacityBytes() + " bytes of " + name + ", or is empty.");
        }
        if (offset % sectorBytes != 0 || length % sectorBytes != 0) {
            throw new IllegalArgumentException(operation + " of " + length + " bytes at " + offset
                    + " is not a multiple of the sector of " + sectorBytes + " bytes.");
        }
        if (request.fragments() > maxFragments) {
            throw new IllegalArgumentException(
                    operation + " has " + request.fragments() + " fragments, more than " + maxFragments + ".");
        }
        if (readOnly && operation != Operation.READ) {
            throw new IllegalArgumentException(operation + " to " + name + ", which is read-only.");
        }
    }
}
