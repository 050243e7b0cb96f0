package io.uk4j.virtio.driver;

import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioTransport;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The queues of a block device, one or more, all driven by one loop. Requests go to them in turn. */
final class BlockQueues {
    private final VirtioTransport transport;
    private final BlockQueue[] queues;
    private int turn;
    private int firstPolled;

    /** Takes queues, at least one, in the order of their numbers. */
    BlockQueues(VirtioTransport transport, BlockQueue[] queues) {
        this.transport = transport;
        this.queues = queues;
    }

    /** Whether a device that came back takes queues as large as it did: if not, why it is of no use. */
    @Nullable
    DeviceException changed() {
        DeviceException changed = null;
        for (int i = 0; i < queues.length && changed == null; i++) {
            changed = QueueMemory.changed(transport, i, queues[i].queue());
        }
        return changed;
    }

    /** Shows a device that was reset all queues; their sources are added to a list. */
    void connect(List<WaitSource> sources) {
        for (int i = 0; i < queues.length; i++) {
            queues[i].reclaim();
            QueueLink link = transport.connect(i, queues[i].queue().areas());
            queues[i].connected(link);
            sources.add(link.source());
        }
    }

    /** Gives the device again what was taken back; see {@link BlockQueue#giveAgain}. */
    void giveAgain(long nowNs, BlockQueue.Outcomes outcomes, Consumer<BlockRequest> broken) {
        for (BlockQueue queue : queues) {
            queue.giveAgain(nowNs, outcomes, broken);
        }
    }

    /** Gives the device a request by the next queue that has room; false if none has. */
    boolean submit(BlockRequest request, long nowNs) {
        for (int n = 0; n < queues.length; n++) {
            int i = turn;
            turn = i + 1 == queues.length ? 0 : i + 1;
            if (queues[i].submit(request, nowNs)) {
                return true;
            }
        }
        return false;
    }

    void kick() {
        for (BlockQueue queue : queues) {
            queue.kick();
        }
    }

    /** Delivers requests that the device is done with, up to a limit, from another queue first each time. */
    int poll(int limit, long nowNs, BlockQueue.Outcomes outcomes) {
        int delivered = 0;
        int i = firstPolled;
        firstPolled = i + 1 == queues.length ? 0 : i + 1;
        for (int n = 0; n < queues.length && delivered < limit; n++) {
            delivered += queues[i].poll(limit - delivered, nowNs, outcomes);
            i = i + 1 == queues.length ? 0 : i + 1;
        }
        return delivered;
    }

    /** Asks for notifications; true if something is done already. */
    boolean arm() {
        boolean done = false;
        for (BlockQueue queue : queues) {
            done |= queue.arm();
        }
        return done;
    }

    /** When the first of the present requests was given to the device; {@link Duty#NO_DEADLINE} if there is none. */
    long oldestNs() {
        long oldest = Duty.NO_DEADLINE;
        for (BlockQueue queue : queues) {
            long own = queue.oldestNs();
            if (oldest == Duty.NO_DEADLINE || (own != Duty.NO_DEADLINE && own - oldest < 0)) {
                oldest = own;
            }
        }
        return oldest;
    }

    /** Ends everything, after the device has stopped. */
    void close(BlockQueue.Outcomes outcomes) {
        for (BlockQueue queue : queues) {
            queue.close(outcomes);
        }
    }

    String describe() {
        String each = queues[0].queue().describe();
        return queues.length == 1 ? each : queues.length + " of " + each;
    }
}
