package io.uk4j.virtio.driver;

import io.uk4j.core.Pages;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.queue.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The queue by which a network device is told how to work (VIRTIO 1.3, section 5.1.6.5). One command is under way at a time; nobody waits
 * for the device's answer.
 */
final class ControlQueue {
    /** How many entries it has: a command takes three without indirect tables. */
    static final int SIZE = 4;

    private static final ValueLayout.OfLong DATA = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int DATA_AT = 2;
    private static final int ANSWER_AT = 16;
    private static final int BYTES = 32;
    private static final int OK = 0;
    private static final int ERR = 1;
    private static final byte NO_ANSWER = (byte) 0xff;

    private final Virtqueue queue;
    private final Pages pages;
    private final ArrayDeque<Command> waiting = new ArrayDeque<>();
    private @Nullable Command underWay;
    private @Nullable QueueLink link;

    /** Told what the device says to a command. */
    interface Answer {
        void answered(boolean done);
    }

    private record Command(int commandClass, int command, long data, int dataBytes, Answer answer) {}

    ControlQueue(Virtqueue queue, QueueMemory memory) {
        this.queue = queue;
        pages = memory.allocate(BYTES);
    }

    Virtqueue queue() {
        return queue;
    }

    void connected(QueueLink newLink) {
        link = newLink;
    }

    /**
     * Gives the device a command, as soon as it has answered those before.
     *
     * @param data what belongs to it, as a little-endian number
     * @param dataBytes how many bytes of it
     */
    void submit(int commandClass, int command, long data, int dataBytes, Answer answer) {
        waiting.add(new Command(commandClass, command, data, dataBytes, answer));
        next();
    }

    private void next() {
        Command command = waiting.peek();
        if (underWay != null || command == null) {
            return;
        }
        underWay = waiting.remove();
        MemorySegment memory = pages.segment();
        memory.set(ValueLayout.JAVA_BYTE, 0, (byte) command.commandClass);
        memory.set(ValueLayout.JAVA_BYTE, 1, (byte) command.command);
        memory.set(DATA, DATA_AT, command.data);
        memory.set(ValueLayout.JAVA_BYTE, ANSWER_AT, NO_ANSWER);
        queue.add(pages.deviceAddress(), DATA_AT + command.dataBytes, false);
        queue.add(pages.deviceAddress() + ANSWER_AT, 1, true);
        queue.end();
        queue.publish();
        if (queue.needsKick()) {
            Objects.requireNonNull(link).kick();
        }
    }

    /** Whether an answer is still to come. */
    boolean isBusy() {
        return underWay != null;
    }

    /**
     * Looks for the device's answer.
     *
     * @throws VirtioException if it breaks the rules
     */
    void poll() {
        Command command = underWay;
        if (command == null || queue.poll() == Virtqueue.NONE) {
            return;
        }
        int answer = pages.segment().get(ValueLayout.JAVA_BYTE, ANSWER_AT);
        if (queue.usedBytes() != 1 || (answer != OK && answer != ERR)) {
            throw new VirtioException(
                    Violation.PROTOCOL,
                    "The control queue answers " + (answer & 0xff) + " in " + queue.usedBytes() + " bytes.");
        }
        underWay = null;
        command.answer.answered(answer == OK);
        next();
    }

    /** Asks for a notification of the answer; true if it is there. */
    boolean arm() {
        return underWay != null && queue.arm();
    }

    /** Forgets all commands, as the device does when it is reset. */
    void reclaim() {
        underWay = null;
        waiting.clear();
        queue.reset();
    }
}
