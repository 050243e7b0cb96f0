package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Clock;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.EntropySource;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two devices, the legs, that hold the same: one may fail, and nothing is lost.
 *
 * <ul>
 *   <li><b>Writes and flushes</b> go to both legs. A leg that fails one is out: the other is marked to have gone on alone before
 *       anybody is told that a write is done. From then on the mirror is degraded.
 *   <li><b>Reads</b> go to the leg that has less to do. If that fails, the other is asked, and what it says is written to the one that failed,
 *       which stays if it takes it; put legs that are {@link ChecksummedDisk}s below, and damaged blocks heal.
 *   <li><b>Requests that overlap</b> are carried out in the order in which they came, reads among themselves excepted, so that the legs never
 *       differ for longer than a write takes.
 *   <li><b>Opening</b> finds a leg that is behind and copies all of the other one to it. After a crash it copies the regions in which the legs
 *       may differ, which a map on the legs tells. All this before it returns.
 *   <li><b>Degraded.</b> A mirror of which a leg is missing is opened by {@link #openDegraded} only, since the other leg, if it comes back, is
 *       behind from then on. If both were opened so, neither is believed. {@link #replace} takes a new device in.
 * </ul>
 *
 * <p>Crash consistency: that of the legs below, sector by sector; and two reads of the same never disagree, before and after.
 *
 * <p>Thread rule: loop-owned. It owns the legs and closes them.
 */
public final class Mirror extends Layer {
    private static final Logger LOG = LoggerFactory.getLogger(Mirror.class);
    private static final int DEPTH = 64;

    /** How often it is looked whether regions can be forgotten. */
    private static final long FORGET_NS = 5_000_000_000L;

    private final List<Leg> legs = new ArrayList<>();
    private final Clock clock;
    private final Memory memory;
    private final MirrorRegions regions;
    private final Commit commit;
    private final RangeLocks locks = new RangeLocks();
    private final ArrayDeque<Access> waitingForMap = new ArrayDeque<>();
    private final ArrayDeque<Access> waitingForLabel = new ArrayDeque<>();
    private final Counter readErrors;
    private final Counter repairs;
    private final Counter failures;
    private boolean labelDurable;
    private boolean broken;
    private int turn;
    private long forgetNs;

    /** A leg, and what is under way on it besides users' requests. */
    private final class Leg {
        private final Below below;
        private MirrorLabel label;
        private final ByteBuf labelSector;
        private final BlockRequest labelRequest = new BlockRequest(1, (_, status) -> labelled(this, status));
        private final BlockRequest mapRequest = new BlockRequest(1, (_, status) -> commit.ended(this, status));
        private boolean failed;
        private int reads;

        Leg(Below below, MirrorLabel label) {
            this.below = below;
            this.label = label;
            labelSector = memory.buffer(below.device().info().sectorBytes());
        }

        String name() {
            return below.device().info().name();
        }
    }

    private Mirror(
            DeviceContext context,
            BlockDeviceInfo info,
            List<Below> below,
            List<MirrorLabel> labels,
            Memory memory,
            long copiedBytes) {
        super(info, context.counters(), below);
        clock = context.platform().clock();
        this.memory = memory;
        commit = new Commit();
        MirrorLabel label = labels.getFirst();
        regions = new MirrorRegions(label.regionBytes(), label.regions());
        for (int i = 0; i < below.size(); i++) {
            legs.add(new Leg(below.get(i), labels.get(i)));
        }
        labelDurable = below.size() == 1;
        forgetNs = clock.nowNs() + FORGET_NS;
        Counters own = context.counters().with("device", info.name());
        readErrors = own.counter("uk_blk_mirror_read_errors_total", "Reads that the other leg was asked for.");
        repairs = own.counter(
                "uk_blk_mirror_repairs_total",
                "Times a leg was given again what it could not read and the other could.");
        failures = own.counter("uk_blk_mirror_failed_legs_total", "Legs that failed.");
        own.counter("uk_blk_mirror_copied_bytes_total", "Bytes copied from one leg to the other.")
                .add(copiedBytes);
        own.gauge("uk_blk_mirror_legs", "Legs that are in step.", this::inStep);
        fill(Access::new);
    }

    private static Mirror make(
            DeviceContext context, List<BlockDevice> devices, List<MirrorLabel> labels, long copiedBytes) {
        BlockDeviceInfo first = devices.getFirst().info();
        BlockDeviceInfo last = devices.getLast().info();
        int sector = Math.max(first.sectorBytes(), last.sectorBytes());
        BlockDeviceInfo info = new BlockDeviceInfo(
                first.name() + "+mirror",
                sector,
                labels.getFirst().bytes() / sector,
                first.readOnly() || last.readOnly(),
                Math.min(FRAGMENT_LIMIT, Math.min(first.maxFragments(), last.maxFragments())),
                DEPTH,
                first.discard() && last.discard());
        List<Below> below = devices.stream().map(Below::new).toList();
        Memory memory = new Memory(context.platform().pages());
        try {
            return new Mirror(context, info, below, labels, memory, copiedBytes);
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    /**
     * Makes two devices a mirror, of as much as the smaller one holds less 64 KiB. All of the first is copied to the second, from byte 65536
     * on. Waits until it is done.
     *
     * @param context gives platform and counters
     * @param first open afterwards, as the second is
     * @param second loses what is on it
     * @param id the mirror's identity, made from the platform's entropy
     * @param overwrite whether anything may be on them; else their first sectors must be blank
     * @throws DiskException if they are too small, something is on them, or one fails
     */
    public static void format(
            DeviceContext context, BlockDevice first, BlockDevice second, UUID id, boolean overwrite) {
        try (MirrorOpening opening = new MirrorOpening(context, first, second)) {
            opening.format(id, overwrite);
        }
    }

    /**
     * Opens a mirror. Waits until both legs are in step.
     *
     * @param context gives platform and counters
     * @param first a leg; not used by anyone else from now on
     * @param second the other one, in either order; not used by anyone else from now on
     * @throws DiskException if they are not the two legs of one mirror, each was written without the other, or one fails; the devices stay
     *     with the caller
     */
    public static Mirror open(DeviceContext context, BlockDevice first, BlockDevice second) {
        MirrorLabel[] labels;
        long copied;
        try (MirrorOpening opening = new MirrorOpening(context, first, second)) {
            labels = opening.bringInStep();
            copied = opening.copiedBytes();
        }
        return make(context, List.of(first, second), List.of(labels), copied);
    }

    /**
     * Opens what is left of a mirror: the other leg is behind from now on.
     *
     * @param context gives platform and counters
     * @param leg not used by anyone else from now on
     * @throws DiskException if it is no leg of a mirror, was itself never in step, or fails; it stays with the caller
     */
    public static Mirror openDegraded(DeviceContext context, BlockDevice leg) {
        MirrorLabel label;
        try (MirrorOpening opening = new MirrorOpening(context, leg)) {
            label = opening.label(0);
            if (label.generation() == 0) {
                throw new DiskException(
                        leg.info().name() + " was never in step with its mirror.",
                        "It has not all of the data.",
                        "the other leg");
            }
            label = label.goingAlone();
            opening.write(0, label);
        }
        return make(context, List.of(leg), List.of(label), 0);
    }

    /**
     * Makes a device take the place of a mirror's other leg. It is brought up when both are opened. They are a mirror of a new identity, so that
     * the leg that was replaced is never taken for one that is in step, should it come back.
     *
     * @param context gives platform and entropy
     * @param leg what is to be kept; open afterwards, as the other is
     * @param replacement loses what is on it
     * @throws DiskException if {@code leg} is no leg of a mirror, the replacement is too small, or one fails
     */
    public static void replace(DeviceContext context, BlockDevice leg, BlockDevice replacement) {
        try (MirrorOpening opening = new MirrorOpening(context, leg, replacement)) {
            MirrorLabel label = opening.label(0);
            if (label.generation() == 0) {
                throw new DiskException(
                        leg.info().name() + " was never in step with its mirror.", null, "the other leg");
            }
            EntropySource entropy = context.platform().entropy();
            label = label.of(new UUID(entropy.nextLong(), entropy.nextLong()));
            opening.join(label, 1);
            opening.write(0, label);
        }
    }

    private int inStep() {
        int count = 0;
        for (int i = 0; i < legs.size(); i++) {
            count += legs.get(i).failed ? 0 : 1;
        }
        return count;
    }

    private final class Access extends RangeLocks.Holder {
        private final BlockRequest[] parts = new BlockRequest[legs.size()];
        private int underWay;

        /** Of a change or a flush: the legs on which it succeeded. */
        private int succeeded;

        /** Of a read: the legs that were asked, and how far it is. */
        private int tried;

        private boolean repairing;
        private long covered;

        Access() {
            for (int i = 0; i < parts.length; i++) {
                Leg leg = legs.get(i);
                int bit = 1 << i;
                parts[i] = new BlockRequest(info().maxFragments(), (_, status) -> ended(leg, bit, status));
            }
        }

        private boolean changes() {
            return request().operation() != Operation.READ && request().operation() != Operation.FLUSH;
        }

        @Override
        void start() {
            if (request().operation() == Operation.FLUSH || locks.take(this)) {
                locked();
            }
        }

        @Override
        void locked() {
            underWay = 0;
            succeeded = 0;
            tried = 0;
            repairing = false;
            covered = regions.written();
            if (request().operation() == Operation.READ) {
                read();
            } else if (broken) {
                end(BlockRequest.IO_ERROR);
            } else if (changes()
                    && !regions.begin(request().offsetBytes(), request().lengthBytes())
                    && inStep() > 1) {
                waitingForMap.add(this);
            } else {
                sendToAll();
            }
        }

        private void end(int status) {
            boolean holds = request().operation() != Operation.FLUSH;
            finish(this, status);
            if (holds) {
                locks.giveBack(this);
            }
        }

        private void prepare(BlockRequest part) {
            BlockRequest request = request();
            switch (request.operation()) {
                case FLUSH -> part.flush();
                case DISCARD, WRITE_ZEROES ->
                    part.range(
                            request.operation(),
                            MirrorLabel.DATA_OFFSET + request.offsetBytes(),
                            request.lengthBytes());
                case READ, WRITE -> transfer(part, request.operation());
            }
        }

        private void transfer(BlockRequest part, Operation operation) {
            part.transfer(operation, MirrorLabel.DATA_OFFSET + request().offsetBytes());
            Fragments.add(request(), 0, request().lengthBytes(), part);
        }

        /** Asks the leg that has less to do, of those that were not asked yet. */
        private void read() {
            int chosen = -1;
            turn ^= 1;
            for (int n = 0; n < parts.length; n++) {
                int i = (n + turn) % parts.length;
                if (!legs.get(i).failed
                        && (tried >> i & 1) == 0
                        && (chosen < 0 || legs.get(i).reads < legs.get(chosen).reads)) {
                    chosen = i;
                }
            }
            if (chosen < 0) {
                end(BlockRequest.IO_ERROR);
                return;
            }
            tried |= 1 << chosen;
            legs.get(chosen).reads++;
            prepare(parts[chosen]);
            legs.get(chosen).below.submit(parts[chosen]);
        }

        private void sendToAll() {
            for (int i = 0; i < parts.length; i++) {
                if (!legs.get(i).failed) {
                    underWay++;
                    prepare(parts[i]);
                }
            }
            for (int i = 0; i < parts.length; i++) {
                if (!legs.get(i).failed) {
                    legs.get(i).below.submit(parts[i]);
                }
            }
        }

        private void ended(Leg leg, int bit, int status) {
            if (closed()) {
                return;
            }
            if (repairing) {
                repaired(leg, status);
                return;
            }
            if (request().operation() == Operation.READ) {
                leg.reads--;
                tried ^= status == BlockRequest.OK ? bit : 0;
                if (status == BlockRequest.OK) {
                    repair();
                } else {
                    readErrors.increment();
                    read();
                }
                return;
            }
            underWay--;
            if (status == BlockRequest.OK) {
                succeeded |= bit;
            } else {
                fail(leg, request().operation());
            }
            if (underWay == 0) {
                endedOnAll();
            }
        }

        /** Gives a leg that could not read what the other one could, sector by sector the same as before. Nobody changes it meanwhile. */
        private void repair() {
            for (int i = 0; i < parts.length && !info().readOnly(); i++) {
                if ((tried >> i & 1) != 0 && !legs.get(i).failed) {
                    repairing = true;
                    transfer(parts[i], Operation.WRITE);
                    legs.get(i).below.submit(parts[i]);
                    return;
                }
            }
            end(BlockRequest.OK);
        }

        private void repaired(Leg leg, int status) {
            if (status == BlockRequest.OK) {
                repairs.increment();
            } else {
                fail(leg, Operation.WRITE);
            }
            end(BlockRequest.OK);
        }

        private void endedOnAll() {
            if (inStep() == parts.length || labelDurable) {
                conclude();
            } else {
                waitingForLabel.add(this);
            }
        }

        /** Nothing stands between a success and the one who waits for it. */
        private void conclude() {
            boolean good = !broken;
            for (int i = 0; i < parts.length; i++) {
                good &= legs.get(i).failed || (succeeded >> i & 1) != 0;
            }
            if (changes()) {
                regions.end(request().offsetBytes(), request().lengthBytes());
            } else if (good) {
                regions.flushed(covered);
            }
            end(good ? BlockRequest.OK : BlockRequest.IO_ERROR);
        }
    }

    /** A leg is out, unless it is the last. */
    private void fail(Leg leg, Operation operation) {
        if (leg.failed || inStep() == 1) {
            return;
        }
        leg.failed = true;
        failures.increment();
        LOG.error("{}: {} failed to {}; the mirror is degraded", info().name(), leg.name(), operation);
        for (Leg other : legs) {
            if (!other.failed) {
                other.label = other.label.goingAlone();
                other.label.put(other.labelSector);
                other.below.submit(other.labelRequest
                        .transfer(Operation.WRITE, 0)
                        .add(other.labelSector, 0, other.labelSector.capacity()));
            }
        }
        // Nobody has to wait for the map any more: what a leg that is behind has is copied as a whole.
        while (!waitingForMap.isEmpty()) {
            waitingForMap.removeFirst().sendToAll();
        }
    }

    private void labelled(Leg leg, int status) {
        if (closed()) {
            return;
        }
        if (status == BlockRequest.OK && leg.labelRequest.operation() == Operation.WRITE) {
            leg.below.submit(leg.labelRequest.flush());
            return;
        }
        if (status == BlockRequest.OK) {
            labelDurable = true;
        } else {
            broken = true;
            LOG.error("{}: {} failed, too; nothing can be written any more", info().name(), leg.name());
        }
        while (!waitingForLabel.isEmpty()) {
            waitingForLabel.removeFirst().conclude();
        }
    }

    /** Writes the map of regions to both legs and flushes it. One at a time. */
    private final class Commit {
        private final ByteBuf map = memory.buffer(MirrorLabel.BITMAP_BYTES);
        private int underWay;
        private boolean flushing;

        void begin() {
            regions.beginCommit(map);
            flushing = false;
            underWay = legs.size();
            for (Leg leg : legs) {
                leg.below.submit(leg.mapRequest
                        .transfer(Operation.WRITE, MirrorLabel.BITMAP_OFFSET)
                        .add(map, 0, MirrorLabel.BITMAP_BYTES));
            }
        }

        private void ended(Leg leg, int status) {
            if (closed()) {
                return;
            }
            underWay--;
            if (status != BlockRequest.OK) {
                fail(leg, Operation.WRITE);
            }
            if (underWay > 0 || inStep() < legs.size()) {
                return;
            }
            if (!flushing) {
                flushing = true;
                underWay = legs.size();
                for (Leg each : legs) {
                    each.below.submit(each.mapRequest.flush());
                }
                return;
            }
            regions.endCommit();
            for (int i = waitingForMap.size(); i > 0; i--) {
                Access access = waitingForMap.removeFirst();
                if (regions.mayWrite(
                        access.request().offsetBytes(), access.request().lengthBytes())) {
                    access.sendToAll();
                } else {
                    waitingForMap.addLast(access);
                }
            }
        }
    }

    @Override
    void work() {
        if (commit.underWay > 0 || inStep() < 2) {
            return;
        }
        boolean forgets = false;
        if (regions.isAnyWanted() && clock.nowNs() - forgetNs >= 0) {
            forgets = regions.forgetFlushed();
            forgetNs = clock.nowNs() + FORGET_NS;
        }
        if (forgets || !waitingForMap.isEmpty()) {
            commit.begin();
        }
    }

    @Override
    boolean hasWork() {
        return commit.underWay == 0 && inStep() > 1 && !waitingForMap.isEmpty();
    }

    @Override
    public long nextDeadlineNs() {
        long ownNs = !closed() && inStep() > 1 && commit.underWay == 0 && regions.isAnyWanted()
                ? forgetNs
                : Duty.NO_DEADLINE;
        return earlier(super.nextDeadlineNs(), ownNs);
    }

    /** One leg is enough. */
    @Override
    @Nullable
    DeviceException failure() {
        for (int i = 0; i < legs.size(); i++) {
            if (legs.get(i).below.gone() == null && !legs.get(i).failed) {
                return null;
            }
        }
        return legs.getLast().below.gone();
    }

    @Override
    void release() {
        memory.close();
    }

    @Override
    String line() {
        StringBuilder text =
                new StringBuilder("mirror ").append(legs.getFirst().label.mirror());
        for (Leg leg : legs) {
            text.append(", ").append(leg.name()).append(leg.failed ? " failed" : " in step");
        }
        return text.append(legs.size() == 1 ? ", degraded" : "").toString();
    }
}
