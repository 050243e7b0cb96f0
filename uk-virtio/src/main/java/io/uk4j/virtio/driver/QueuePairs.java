package io.uk4j.virtio.driver;

import io.uk4j.core.BufferPool;
import io.uk4j.core.DeviceException;
import io.uk4j.core.WaitSource;
import io.uk4j.core.config.Config;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioTransport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The queues of a network device by which frames go, one or more pairs (VIRTIO 1.3, section 5.1.2), all driven by one loop. What is sent is
 * spread over the pairs in use by {@link FlowHash}; what the device spreads is taken from all.
 */
final class QueuePairs {
    private final VirtioTransport transport;
    private final ReceiveQueue[] receive;
    private final TransmitQueue[] transmit;
    private int inUse = 1;
    private int turn;

    /**
     * Makes them, empty.
     *
     * @param count how many pairs, 1 or more
     * @param bufferBytes what the buffers for one received frame must hold
     */
    QueuePairs(
            VirtioTransport transport,
            int count,
            QueueMemory memory,
            Config config,
            Negotiation negotiation,
            BufferPool pool,
            NetCounters counters,
            int bufferBytes) {
        this.transport = transport;
        receive = new ReceiveQueue[count];
        transmit = new TransmitQueue[count];
        for (int i = 0; i < count; i++) {
            receive[i] = new ReceiveQueue(
                    memory.queue(transport, 2 * i, config, negotiation.settled()),
                    pool,
                    count,
                    counters,
                    negotiation,
                    bufferBytes);
            if (!receive[i].fits()) {
                throw new DeviceException(
                        transport.name() + " needs more buffers for one frame than a queue of "
                                + receive[i].queue().size() + " entries holds, since it cannot merge small ones.",
                        null,
                        VirtioKeys.QUEUE_SIZE.name() + "=256, or " + VirtioKeys.WITHOUT.name()
                                + "=guest_tso4,guest_tso6,guest_uso4,guest_uso6");
            }
            transmit[i] = new TransmitQueue(
                    memory.queue(transport, 2 * i + 1, config, negotiation.settled()),
                    pool,
                    counters,
                    memory,
                    negotiation.has(NetFeatures.HOST_ECN));
        }
    }

    int count() {
        return receive.length;
    }

    /** How many pairs are used for what is sent; the device may use as many for what is received. */
    int inUse() {
        return inUse;
    }

    void use(int pairs) {
        inUse = pairs;
    }

    /** How many fragments a frame to be sent may have. */
    int fragmentLimit() {
        int limit = Integer.MAX_VALUE;
        for (TransmitQueue queue : transmit) {
            limit = Math.min(limit, queue.fragmentLimit());
        }
        return limit;
    }

    /** Whether a device that came back takes queues as large as it did: if not, why it is of no use. */
    @Nullable
    DeviceException changed() {
        DeviceException changed = null;
        for (int i = 0; i < receive.length && changed == null; i++) {
            changed = QueueMemory.changed(transport, 2 * i, receive[i].queue());
            if (changed == null) {
                changed = QueueMemory.changed(transport, 2 * i + 1, transmit[i].queue());
            }
        }
        return changed;
    }

    /** Shows a device that was reset all queues; their sources are added to a list. */
    void connect(List<WaitSource> sources) {
        inUse = 1;
        reclaim();
        for (int i = 0; i < receive.length; i++) {
            QueueLink receiveLink = transport.connect(2 * i, receive[i].queue().areas());
            QueueLink transmitLink =
                    transport.connect(2 * i + 1, transmit[i].queue().areas());
            receive[i].connected(receiveLink);
            transmit[i].connected(transmitLink);
            sources.add(receiveLink.source());
            sources.add(transmitLink.source());
        }
    }

    void refill() {
        for (ReceiveQueue queue : receive) {
            queue.refill();
        }
    }

    /**
     * Takes frames from all pairs, from another one first each time, and what was sent back from the device.
     *
     * @return whether the device has done anything
     * @throws io.uk4j.virtio.VirtioException if it broke the rules; frames appended before stay
     */
    boolean poll(FrameBatch into) {
        int before = into.frames();
        int sent = 0;
        int first = turn;
        turn = first + 1 == receive.length ? 0 : first + 1;
        for (int n = 0; n < receive.length; n++) {
            int i = first + n < receive.length ? first + n : first + n - receive.length;
            sent += transmit[i].reap();
            receive[i].poll(into);
        }
        return sent > 0 || into.frames() > before;
    }

    /**
     * Takes frames from the front of a batch, until there is one for whose queue has no room; those that were dropped included.
     *
     * @throws io.uk4j.virtio.VirtioException if the device broke the rules; frames taken before are gone from the batch
     */
    void offer(FrameBatch from, NetDeviceInfo info) {
        for (int i = 0; i < inUse; i++) {
            transmit[i].begin();
        }
        int accepted = 0;
        int frames = from.frames();
        try {
            while (accepted < frames
                    && transmit[inUse == 1 ? 0 : FlowHash.choose(from, accepted, inUse)].take(from, accepted, info)) {
                accepted++;
            }
        } finally {
            from.releaseFirst(accepted);
            for (int i = 0; i < inUse; i++) {
                transmit[i].publish();
            }
        }
    }

    void flush() {
        for (int i = 0; i < inUse; i++) {
            transmit[i].flush();
        }
    }

    /** Asks for notifications; true if there is something already. */
    boolean arm() {
        boolean more = false;
        for (int i = 0; i < receive.length; i++) {
            more |= receive[i].arm();
            more |= transmit[i].arm();
        }
        return more;
    }

    /** Takes all buffers back from a device that has forgotten them. */
    void reclaim() {
        for (int i = 0; i < receive.length; i++) {
            receive[i].reclaim();
            transmit[i].reclaim();
        }
    }

    String describe() {
        String queues = receive[0].queue().describe();
        return receive.length == 1 ? queues : inUse + " of " + receive.length + " pairs of " + queues + " in use";
    }
}
