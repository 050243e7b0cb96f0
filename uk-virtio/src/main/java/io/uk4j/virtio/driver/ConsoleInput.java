package io.uk4j.virtio.driver;

import io.uk4j.core.Pages;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.queue.Virtqueue;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What is typed at a console. Nobody reads it but for the wish to stop. */
final class ConsoleInput {
    /** Control-C (End of Text). */
    private static final int INTERRUPT = 3;

    private static final int BUFFERS = 4;
    private static final int BUFFER_BYTES = 64;

    /** How many buffers are taken at one poll. */
    private static final int LIMIT = 16;

    private final Virtqueue queue;
    private final Pages memory;
    private final int buffers;

    /** The buffer of each chain. */
    private final int[] bufferOf;

    private @Nullable QueueLink link;
    private boolean interrupted;

    ConsoleInput(Virtqueue queue, QueueMemory source) {
        this.queue = queue;
        buffers = Math.min(BUFFERS, queue.size());
        memory = source.allocate((long) buffers * BUFFER_BYTES);
        bufferOf = new int[queue.size()];
    }

    Virtqueue queue() {
        return queue;
    }

    void connected(QueueLink newLink) {
        link = newLink;
    }

    /** Gives the device all buffers. */
    void started() {
        for (int i = 0; i < buffers; i++) {
            post(i);
        }
        kick();
    }

    private void post(int buffer) {
        queue.add(memory.deviceAddress() + (long) buffer * BUFFER_BYTES, BUFFER_BYTES, true);
        bufferOf[queue.end()] = buffer;
    }

    private void kick() {
        queue.publish();
        if (queue.needsKick()) {
            Objects.requireNonNull(link).kick();
        }
    }

    /**
     * Looks at what was typed, up to a limit.
     *
     * @return how many bytes that was
     * @throws io.uk4j.virtio.VirtioException if the device broke the rules
     */
    int poll() {
        int bytes = 0;
        int taken = 0;
        while (taken < LIMIT) {
            int id = queue.poll();
            if (id == Virtqueue.NONE) {
                break;
            }
            taken++;
            int buffer = bufferOf[id];
            int count = queue.usedBytes();
            for (int i = 0; i < count; i++) {
                long at = (long) buffer * BUFFER_BYTES + i;
                interrupted |= memory.segment().get(ValueLayout.JAVA_BYTE, at) == INTERRUPT;
            }
            bytes += count;
            post(buffer);
        }
        if (taken > 0) {
            kick();
        }
        return bytes;
    }

    /** Whether Control-C was typed since the last call. */
    boolean takeInterrupt() {
        boolean was = interrupted;
        interrupted = false;
        return was;
    }
}
