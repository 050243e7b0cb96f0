package io.uk4j.virtio.driver;

import io.uk4j.core.Duty;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.queue.Virtqueue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The requests that a block device has, by chain; each knows how far it is, and where it stands in the order of submission. */
final class BlockQueue {
    /** How often a request is given to a device that is started again and again, before it is taken for what breaks it. */
    static final int ATTEMPTS = 8;

    private final Virtqueue queue;
    private final BlockChains chains;
    private final @Nullable BlockRequest[] requests;
    private final long[] doneBytes;
    private final long[] pieceBytes;
    private final long[] sequences;
    private final long[] startedNs;
    private final int[] attempts;
    private @Nullable QueueLink link;
    private long nextSequence;
    private int underWay;
    private boolean closed;

    /** Told of each request that has ended. */
    interface Outcomes {
        void ended(BlockRequest request, int status);
    }

    /** What is to be given to the device before anything new: what it had when it was reset, and pieces that found no room. */
    private record Held(BlockRequest request, long done, long sequence, int attempts) {}

    private final ArrayDeque<Held> held = new ArrayDeque<>();

    BlockQueue(Virtqueue queue, BlockChains chains) {
        this.queue = queue;
        this.chains = chains;
        int size = queue.size();
        requests = new BlockRequest[size];
        doneBytes = new long[size];
        pieceBytes = new long[size];
        sequences = new long[size];
        startedNs = new long[size];
        attempts = new int[size];
    }

    Virtqueue queue() {
        return queue;
    }

    void connected(QueueLink newLink) {
        link = newLink;
    }

    /**
     * Gives the device a request. It is not told of it before {@link #kick}.
     *
     * @return false if there is no room, or no buffer for data that must be copied
     */
    boolean submit(BlockRequest request, long nowNs) {
        if (!held.isEmpty() || !give(request, 0, nextSequence, nowNs, 1)) {
            return false;
        }
        nextSequence++;
        queue.publish();
        return true;
    }

    private boolean give(BlockRequest request, long done, long sequence, long nowNs, int attempt) {
        if (!chains.hasRoom(request.fragments())) {
            return false;
        }
        int id = queue.nextId();
        long piece = chains.build(request, done);
        if (piece < 0) {
            return false;
        }
        requests[id] = request;
        doneBytes[id] = done;
        pieceBytes[id] = piece;
        sequences[id] = sequence;
        startedNs[id] = nowNs;
        attempts[id] = attempt;
        underWay++;
        return true;
    }

    /** Tells the device of what was submitted, if it wants to know. */
    void kick() {
        if (queue.needsKick()) {
            Objects.requireNonNull(link).kick();
        }
    }

    /**
     * Delivers requests that the device is done with, up to a limit. Where a request was given in pieces, the next one follows.
     *
     * @throws VirtioException if the device broke the rules; what was delivered before is delivered
     */
    int poll(int limit, long nowNs, Outcomes outcomes) {
        int delivered = 0;
        // A completion may close the device.
        while (delivered < limit && !closed) {
            int id = queue.poll();
            if (id == Virtqueue.NONE) {
                break;
            }
            int status = chains.status(id);
            if (status > BlockFeatures.STATUS_UNSUPPORTED) {
                // Taken out of the queue, but still the device's: it is given again with the others.
                throw new VirtioException(Violation.PROTOCOL, "A block request ended with the status " + status + ".");
            }
            BlockRequest request = Objects.requireNonNull(requests[id]);
            requests[id] = null;
            underWay--;
            boolean ok = status == BlockFeatures.STATUS_OK;
            chains.release(id, ok && request.operation() == Operation.READ ? request : null, doneBytes[id]);
            long done = doneBytes[id] + pieceBytes[id];
            if (ok && done < request.lengthBytes()) {
                held.addFirst(new Held(request, done, sequences[id], attempts[id]));
                giveHeld(nowNs, outcomes);
            } else {
                delivered++;
                outcomes.ended(request, ok ? BlockRequest.OK : BlockRequest.IO_ERROR);
            }
        }
        if (!closed) {
            giveHeld(nowNs, outcomes);
        }
        return delivered;
    }

    /** Gives the device what is held, as far as there is room. What there is no buffer for, and nothing to wait for, fails. */
    private void giveHeld(long nowNs, Outcomes outcomes) {
        while (!held.isEmpty()) {
            Held first = held.getFirst();
            if (give(first.request, first.done, first.sequence, nowNs, first.attempts)) {
                held.removeFirst();
            } else if (underWay > 0) {
                break;
            } else {
                held.removeFirst();
                outcomes.ended(first.request, BlockRequest.IO_ERROR);
            }
        }
        queue.publish();
    }

    boolean arm() {
        return underWay > 0 && queue.arm();
    }

    /** When the first of the present requests was given to the device; {@link Duty#NO_DEADLINE} if there is none. */
    long oldestNs() {
        long oldest = Duty.NO_DEADLINE;
        for (int id = 0; id < requests.length && underWay > 0; id++) {
            if (requests[id] != null && (oldest == Duty.NO_DEADLINE || startedNs[id] - oldest < 0)) {
                oldest = startedNs[id];
            }
        }
        return oldest;
    }

    /** Takes everything back from a device that has forgotten it, to be given to it again by {@link #giveAgain}. */
    void reclaim() {
        List<Held> all = new ArrayList<>(held);
        for (int id = 0; id < requests.length; id++) {
            BlockRequest request = requests[id];
            if (request != null) {
                all.add(new Held(request, doneBytes[id], sequences[id], attempts[id] + 1));
                chains.release(id, null, 0);
                requests[id] = null;
            }
        }
        all.sort(Comparator.comparingLong(Held::sequence));
        held.clear();
        held.addAll(all);
        underWay = 0;
        queue.reset();
    }

    /**
     * Gives the device again what was taken back, each request once and in the order of submission.
     *
     * @param broken told of requests that were given often enough
     */
    void giveAgain(long nowNs, Outcomes outcomes, Consumer<BlockRequest> broken) {
        held.removeIf(one -> {
            boolean often = one.attempts > ATTEMPTS;
            if (often) {
                broken.accept(one.request);
            }
            return often;
        });
        giveHeld(nowNs, outcomes);
        kick();
    }

    /** Ends everything, after the device has stopped. */
    void close(Outcomes outcomes) {
        closed = true;
        reclaim();
        while (!held.isEmpty()) {
            outcomes.ended(held.removeFirst().request, BlockRequest.CLOSED);
        }
    }
}
