package io.uk4j.virtio.driver;

import io.uk4j.core.Pages;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.queue.Virtqueue;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The text that a console has, in a few pieces. A piece is kept until the device is done with it, so that a device that is started
 * again gets it again: text may come twice then, and is not lost.
 */
final class ConsoleOutput {
    private static final int PIECES = 8;
    private static final int PIECE_BYTES = 1024;

    private final Virtqueue queue;
    private final TextBacklog backlog;
    private final Pages memory;

    // Pieces are used in turn, from the first on.
    private final int pieces;
    private final int[] pieceBytes;
    private final boolean[] done;
    private int firstPiece;
    private int pieceCount;

    /** How much of the first piece went out past the queue. */
    private int drained;

    /** The piece of each chain. */
    private final int[] pieceOf;

    private @Nullable QueueLink link;

    ConsoleOutput(Virtqueue queue, TextBacklog backlog, QueueMemory source) {
        this.queue = queue;
        this.backlog = backlog;
        pieces = Math.min(PIECES, queue.size());
        memory = source.allocate((long) pieces * PIECE_BYTES);
        pieceBytes = new int[pieces];
        done = new boolean[pieces];
        pieceOf = new int[queue.size()];
    }

    Virtqueue queue() {
        return queue;
    }

    void connected(QueueLink newLink) {
        link = newLink;
    }

    /** How many bytes the device has and is not known to be done with. */
    int bytesUnderWay() {
        int bytes = -drained;
        for (int i = 0; i < pieceCount; i++) {
            int piece = (firstPiece + i) % pieces;
            bytes += done[piece] ? 0 : pieceBytes[piece];
        }
        return bytes;
    }

    /**
     * Takes back what the device is done with, and gives it what waits.
     *
     * @return whether the device was done with anything
     * @throws io.uk4j.virtio.VirtioException if the device broke the rules
     */
    boolean pump() {
        boolean progress = reap();
        while (give()) {
            kick();
            // A device that works at once is done already.
            progress |= reap();
        }
        return progress;
    }

    private boolean reap() {
        boolean any = false;
        for (int id = queue.poll(); id != Virtqueue.NONE; id = queue.poll()) {
            done[pieceOf[id]] = true;
            any = true;
        }
        forgetDone();
        return any;
    }

    private void forgetDone() {
        while (pieceCount > 0 && done[firstPiece]) {
            firstPiece = (firstPiece + 1) % pieces;
            pieceCount--;
        }
    }

    private boolean give() {
        boolean any = false;
        while (pieceCount < pieces && queue.space() > 0) {
            int piece = (firstPiece + pieceCount) % pieces;
            int bytes = backlog.take(memory.segment(), (long) piece * PIECE_BYTES, PIECE_BYTES);
            if (bytes == 0) {
                break;
            }
            pieceBytes[piece] = bytes;
            done[piece] = false;
            pieceCount++;
            add(piece);
            any = true;
        }
        return any;
    }

    private void add(int piece) {
        queue.add(memory.deviceAddress() + (long) piece * PIECE_BYTES, pieceBytes[piece], false);
        pieceOf[queue.end()] = piece;
    }

    private void kick() {
        queue.publish();
        if (queue.needsKick()) {
            Objects.requireNonNull(link).kick();
        }
    }

    /** Gives a device that forgot everything the pieces again that it was not done with, in their order. */
    void giveAgain() {
        for (int i = 0; i < pieceCount; i++) {
            int piece = (firstPiece + i) % pieces;
            if (!done[piece]) {
                add(piece);
            }
        }
        kick();
    }

    /**
     * Takes text out past a queue that is not used any more: first what the device was not done with, then what waits.
     *
     * @param limitBytes how many at most
     * @param taker returns false if it takes no more
     * @return how many bytes were taken
     */
    int drain(int limitBytes, IntPredicate taker) {
        int taken = 0;
        for (forgetDone(); pieceCount > 0; forgetDone()) {
            long at = (long) firstPiece * PIECE_BYTES;
            while (drained < pieceBytes[firstPiece]) {
                if (taken == limitBytes
                        || !taker.test(memory.segment().get(ValueLayout.JAVA_BYTE, at + drained) & 0xff)) {
                    return taken;
                }
                drained++;
                taken++;
            }
            drained = 0;
            done[firstPiece] = true;
        }
        return taken + backlog.drain(limitBytes - taken, taker);
    }

    /** Forgets all text; it counts as dropped. */
    void drop() {
        backlog.drop(bytesUnderWay());
        pieceCount = 0;
        drained = 0;
    }
}
