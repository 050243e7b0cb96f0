package io.uk4j.blk;

import io.uk4j.core.DeviceException;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A device below a layer. It takes every request: those that find no room are parked until there is some, and those of a device that
 * is gone for good fail. So there are never more of them than the layer has.
 */
final class Below {
    private final BlockDevice device;
    private final ArrayDeque<BlockRequest> parked = new ArrayDeque<>();
    private @Nullable DeviceException gone;

    Below(BlockDevice device) {
        this.device = device;
    }

    BlockDevice device() {
        return device;
    }

    /** Why the device is gone for good; null as long as it is there. */
    @Nullable
    DeviceException gone() {
        return gone;
    }

    /** Takes a request, whose completion is called by {@link #poll} or {@link #close}, never by this. */
    void submit(BlockRequest request) {
        if (!parked.isEmpty() || !give(request)) {
            parked.add(request);
        }
    }

    private boolean give(BlockRequest request) {
        if (gone != null) {
            return false;
        }
        try {
            return device.submit(request);
        } catch (DeviceException e) {
            gone = e;
            return false;
        }
    }

    /** How many completions were called. */
    int poll(int limit) {
        int count = 0;
        if (gone == null) {
            try {
                count = device.poll(limit);
            } catch (DeviceException e) {
                gone = e;
            }
            while (!parked.isEmpty() && give(parked.getFirst())) {
                parked.removeFirst();
            }
        }
        if (gone != null) {
            // What the device still holds comes back by that, and only by that.
            device.close();
            while (count < limit && !parked.isEmpty()) {
                parked.removeFirst().complete(BlockRequest.IO_ERROR);
                count++;
            }
        }
        return count;
    }

    boolean arm() {
        if (gone != null) {
            return !parked.isEmpty();
        }
        try {
            return device.arm();
        } catch (DeviceException e) {
            gone = e;
            return true;
        }
    }

    /** Closes the device and completes everything. */
    void close() {
        device.close();
        while (!parked.isEmpty()) {
            parked.removeFirst().complete(BlockRequest.CLOSED);
        }
    }
}
