package io.uk4j.vhost.user;

import io.uk4j.core.DeviceException;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.queue.DeviceQueue;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.IntConsumer;

/**
 * The control queue of a network device (VIRTIO 1.3, section 5.1.6.5), which back ends do not have: the front end answers, as QEMU does,
 * and all that it knows is how many pairs of queues are used. It works within {@link #kick}.
 *
 * <p>Thread rule: loop-owned.
 */
final class LocalControl implements QueueLink {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int COMMAND_BYTES = 4;
    private static final int MQ = 4;
    private static final int PAIRS_SET = 0;
    private static final byte OK = 0;
    private static final byte ERR = 1;

    private final DeviceQueue queue;
    private final int pairs;
    private final IntConsumer use;
    private final SignalSource source;

    /**
     * Serves a queue.
     *
     * @param pairs how many there are
     * @param use is told how many are to be used; what it throws means no
     * @param source stands for the queue, whoever serves it
     */
    LocalControl(DeviceQueue queue, int pairs, IntConsumer use, SignalSource source) {
        this.queue = queue;
        this.pairs = pairs;
        this.use = use;
        this.source = source;
    }

    @Override
    public void kick() {
        do {
            for (int id = queue.next(); id != DeviceQueue.NONE; id = queue.next()) {
                int last = queue.ranges() - 1;
                boolean answerable = queue.ranges() > queue.readable();
                if (answerable) {
                    queue.segment(last).set(ValueLayout.JAVA_BYTE, queue.offset(last), isDone() ? OK : ERR);
                }
                queue.complete(id, answerable ? 1 : 0);
            }
            queue.publish();
        } while (queue.arm());
        if (queue.needsCall()) {
            source.signal();
        }
    }

    private boolean isDone() {
        if (queue.readable() != 1 || queue.length(0) != COMMAND_BYTES) {
            return false;
        }
        int command = queue.segment(0).get(SHORT, queue.offset(0));
        int wanted = queue.segment(0).get(SHORT, queue.offset(0) + 2) & 0xffff;
        if (command != (MQ | PAIRS_SET << 8) || wanted < 1 || wanted > pairs) {
            return false;
        }
        try {
            use.accept(wanted);
            return true;
        } catch (VirtioException | DeviceException _) {
            // Whether the connection is lost is found out by whoever looks for events.
            return false;
        }
    }

    @Override
    public WaitSource source() {
        return source;
    }
}
