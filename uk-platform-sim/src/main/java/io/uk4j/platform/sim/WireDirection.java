package io.uk4j.platform.sim;

import io.uk4j.core.BufferPool;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDeviceInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/**
 * One way of a {@link Wire}: its faults, which a test may change at any time, and what became of the frames. A new
 * direction is perfect and takes no time. Each setting works on frames sent from then on.
 *
 * <p>At any time, {@code sent + duplicated == delivered + lost + noBuffer + inFlight}.
 *
 * <p>Thread rule: used by the thread of the simulation.
 */
public final class WireDirection {
    private final String name;
    private final Simulation simulation;
    private final SplittableRandom random;
    private final Corruption corruption;
    private final BufferPool pool;
    private final Doorbell senderBell;
    private final Doorbell receiverBell;
    private final List<FrameTap> taps;

    private final FrameSlot[] free;
    private int freeCount;
    private final InFlight inFlight;

    /** A ring of frames that wait for the receiving end to poll. */
    private final FrameSlot[] arrived;

    private int firstArrived;
    private int arrivedCount;
    private boolean receiverClosed;

    private long delayNs;
    private long jitterNs;
    private double loss;
    private double duplicate;
    private double reorder;
    private long holdBackNs = 1_000_000;
    private double corrupt;
    private List<Predicate<byte[]>> filters = List.of();

    private long lastDueNs;
    private long sent;
    private long lost;
    private long duplicated;
    private long reordered;
    private long corrupted;
    private long delivered;
    private long noBuffer;
    private long rejected;

    WireDirection(
            String name,
            Simulation simulation,
            NetDeviceInfo info,
            BufferPool pool,
            int queueFrames,
            Doorbell senderBell,
            Doorbell receiverBell,
            List<FrameTap> taps) {
        this.name = name;
        this.simulation = simulation;
        this.pool = pool;
        this.senderBell = senderBell;
        this.receiverBell = receiverBell;
        this.taps = taps;
        random = simulation.random("wire " + name);
        corruption = new Corruption(random.split());
        inFlight = new InFlight(queueFrames);
        arrived = new FrameSlot[queueFrames];
        int fragmentLimit = Math.ceilDiv(info.maxFrameBytes(), pool.maxBytes());
        free = new FrameSlot[queueFrames];
        for (int i = 0; i < queueFrames; i++) {
            free[i] = new FrameSlot(fragmentLimit);
        }
        freeCount = queueFrames;
    }

    /** What captures and messages call it, such as {@code wire0-a}: the name of the sending end. */
    public String name() {
        return name;
    }

    /**
     * How long a frame is on its way at least.
     *
     * @param newDelayNs 0 or more
     * @return this
     */
    public WireDirection delayNs(long newDelayNs) {
        delayNs = notNegative(newDelayNs);
        return this;
    }

    /**
     * How much longer a frame may take, evenly spread. Jitter alone does not change the order: a frame waits for the one
     * before it.
     *
     * @param newJitterNs 0 or more
     * @return this
     */
    public WireDirection jitterNs(long newJitterNs) {
        jitterNs = notNegative(newJitterNs);
        return this;
    }

    /**
     * How likely a frame is to be lost.
     *
     * @param probability 0 to 1
     * @return this
     */
    public WireDirection loss(double probability) {
        loss = probability(probability);
        return this;
    }

    /**
     * How likely a frame is to be sent twice. Each copy has delay, reordering and corruption of its own; there is no
     * second copy when the queue is full.
     *
     * @param probability 0 to 1
     * @return this
     */
    public WireDirection duplicate(double probability) {
        duplicate = probability(probability);
        return this;
    }

    /**
     * How likely a frame is to be held back while those behind it go on.
     *
     * @param probability 0 to 1
     * @return this
     */
    public WireDirection reorder(double probability) {
        reorder = probability(probability);
        return this;
    }

    /**
     * How long a frame is held back at most by reordering; 1 ms unless set.
     *
     * @param newHoldBackNs more than 0
     * @return this
     */
    public WireDirection holdBackNs(long newHoldBackNs) {
        if (newHoldBackNs < 1) {
            throw new IllegalArgumentException("Holding back for " + newHoldBackNs + " ns changes no order.");
        }
        holdBackNs = newHoldBackNs;
        return this;
    }

    /**
     * How likely one bit of a frame is to flip. Only bits that a checksum covers flip, those of an IPv4 packet or of an
     * IPv6 payload: what the receiver takes then is its own mistake. A checksum that was left to the device is completed
     * before the flip and the frame no longer says that it is missing. Frames of other kinds (ARP) are lost instead, as
     * the frame check sequence of a real link would have it, and count as corrupted and lost.
     *
     * @param probability 0 to 1
     * @return this
     */
    public WireDirection corrupt(double probability) {
        corrupt = probability(probability);
        return this;
    }

    /**
     * Loses, in addition, every frame that the test picks; the filters of earlier calls stay.
     *
     * @param filter sees a copy of each frame sent, with its checksum complete, and returns true to lose it
     * @return this
     */
    public WireDirection dropIf(Predicate<byte[]> filter) {
        List<Predicate<byte[]>> more = new ArrayList<>(filters);
        more.add(filter);
        filters = List.copyOf(more);
        return this;
    }

    /**
     * Takes all filters out.
     *
     * @return this
     */
    public WireDirection dropNothing() {
        filters = List.of();
        return this;
    }

    /** Frames that the sending end accepted, except those {@link #rejected}. */
    public long sent() {
        return sent;
    }

    /** Frames that went missing: by chance, by a filter, because the receiving end is closed. */
    public long lost() {
        return lost;
    }

    /** Second copies. */
    public long duplicated() {
        return duplicated;
    }

    /** Frames that were held back. */
    public long reordered() {
        return reordered;
    }

    /** Frames that had a bit flipped. */
    public long corrupted() {
        return corrupted;
    }

    /** Frames put into buffers of the receiving end's pool. */
    public long delivered() {
        return delivered;
    }

    /** Frames dropped at arrival because the receiving end's pool had no buffer, as a network card does. */
    public long noBuffer() {
        return noBuffer;
    }

    /** Frames that the sending end cannot carry: too long, too many fragments, an offload that it did not announce. */
    public long rejected() {
        return rejected;
    }

    /** How many frames are on their way. */
    public int inFlight() {
        return inFlight.size();
    }

    @Override
    public String toString() {
        return name + ": sent " + sent + ", lost " + lost + ", duplicated " + duplicated + ", reordered " + reordered
                + ", corrupted " + corrupted + ", delivered " + delivered + ", noBuffer " + noBuffer + ", rejected "
                + rejected + ", inFlight " + inFlight.size();
    }

    /** Whether one more frame would be accepted. */
    boolean hasRoom() {
        return freeCount > 0;
    }

    /** Counts a frame that the sending end cannot carry. */
    void reject() {
        rejected++;
    }

    /** Sends a frame that stays in the batch: what counts of it is copied. There is room for it. */
    void send(FrameBatch from, int frame) {
        sent++;
        if (receiverClosed || (observed() && !passes(from, frame)) || happens(loss)) {
            lost++;
            return;
        }
        boolean twice = happens(duplicate);
        launch(from, frame);
        if (twice && freeCount > 0) {
            duplicated++;
            launch(from, frame);
        }
    }

    /**
     * Lets those arrive whose time has come.
     *
     * @return how many left the way, whatever became of them
     */
    int deliverDue(long nowNs) {
        int count = 0;
        while (inFlight.nextNs() <= nowNs) {
            FrameSlot slot = inFlight.remove();
            count++;
            if (receiverClosed) {
                lost++;
                recycle(slot);
            } else {
                arrive(slot, slot.fill(pool), true);
            }
        }
        return count;
    }

    /** When the next frame arrives. */
    long nextNs() {
        return inFlight.nextNs();
    }

    /** Whether a frame waits to be polled. */
    boolean hasArrived() {
        return arrivedCount > 0;
    }

    /** Moves what has arrived into the batch, as far as it fits. */
    int poll(FrameBatch into) {
        int count = 0;
        while (arrivedCount > 0) {
            FrameSlot slot = arrived[firstArrived];
            if (into.fragmentSpace() < slot.fragments()) {
                break;
            }
            slot.moveTo(into);
            count++;
            firstArrived = firstArrived + 1 == arrived.length ? 0 : firstArrived + 1;
            arrivedCount--;
            recycle(slot);
        }
        return count;
    }

    /** The receiving end is closed: gives its buffers back; frames that are still on their way will be lost. */
    void closeReceiver() {
        receiverClosed = true;
        while (arrivedCount > 0) {
            FrameSlot slot = arrived[firstArrived];
            slot.release();
            firstArrived = firstArrived + 1 == arrived.length ? 0 : firstArrived + 1;
            arrivedCount--;
            recycle(slot);
        }
    }

    private void recycle(FrameSlot slot) {
        free[freeCount++] = slot;
        senderBell.room();
    }

    private void launch(FrameBatch from, int frame) {
        FrameSlot slot = free[--freeCount];
        slot.describe(from, frame);
        long nowNs = simulation.nowNs();
        slot.dueNs = dueNs(nowNs);
        boolean damaged = happens(corrupt);
        if (slot.dueNs == nowNs && !damaged && inFlight.nextNs() > nowNs && taps.isEmpty()) {
            arrive(slot, slot.fill(from, frame, pool), false);
            return;
        }
        slot.store(from, frame);
        if (damaged) {
            corrupted++;
            if (!slot.flip(corruption)) {
                lost++;
                recycle(slot);
                return;
            }
        }
        inFlight.add(slot);
        deliverDue(nowNs);
    }

    private void arrive(FrameSlot slot, boolean filled, boolean stored) {
        if (!filled) {
            noBuffer++;
            recycle(slot);
            return;
        }
        delivered++;
        if (stored && !taps.isEmpty()) {
            for (FrameTap tap : taps) {
                tap.delivered(simulation.nowNs(), this, slot.copy());
            }
        }
        int at = firstArrived + arrivedCount;
        arrived[at < arrived.length ? at : at - arrived.length] = slot;
        arrivedCount++;
        receiverBell.frames();
    }

    private long dueNs(long nowNs) {
        long due = nowNs + delayNs + (jitterNs == 0 ? 0 : random.nextLong(jitterNs + 1));
        if (happens(reorder)) {
            reordered++;
            return due + random.nextLong(1, holdBackNs + 1);
        }
        lastDueNs = Math.max(lastDueNs, due);
        return lastDueNs;
    }

    /** A fault that is off draws nothing, so that switching one on leaves the others' decisions as they were before. */
    private boolean happens(double probability) {
        return probability > 0 && random.nextDouble() < probability;
    }

    private boolean observed() {
        return !taps.isEmpty() || !filters.isEmpty();
    }

    private boolean passes(FrameBatch from, int frame) {
        FrameSlot slot = free[freeCount - 1];
        slot.describe(from, frame);
        slot.store(from, frame);
        for (FrameTap tap : taps) {
            tap.sent(simulation.nowNs(), this, slot.copy());
        }
        for (Predicate<byte[]> filter : filters) {
            if (filter.test(slot.copy())) {
                return false;
            }
        }
        return true;
    }

    private static long notNegative(long durationNs) {
        if (durationNs < 0) {
            throw new IllegalArgumentException("A duration of " + durationNs + " ns is negative.");
        }
        return durationNs;
    }

    private static double probability(double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("A probability of " + value + " is not within 0 and 1.");
        }
        return value;
    }
}
