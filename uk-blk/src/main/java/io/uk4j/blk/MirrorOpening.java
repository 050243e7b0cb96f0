package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import java.util.BitSet;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is done to the legs of a mirror before it is open: labels are read and compared, and a leg that is behind is brought up. */
final class MirrorOpening implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MirrorOpening.class);
    private static final int COPY_BYTES = 256 << 10;

    private final Memory memory;
    private final Disk[] legs;
    private final ByteBuf buffer;
    private final ByteBuf map;
    private long copiedBytes;

    MirrorOpening(DeviceContext context, BlockDevice... devices) {
        for (BlockDevice device : devices) {
            if (device.info().sectorBytes() > MirrorLabel.BITMAP_OFFSET) {
                throw new DiskException(
                        device.info().name() + " has sectors of "
                                + device.info().sectorBytes() + " bytes.",
                        "A leg of a mirror has sectors of up to " + MirrorLabel.BITMAP_OFFSET + " bytes.",
                        null);
            }
        }
        memory = new Memory(context.platform().pages());
        try {
            buffer = memory.buffer(COPY_BYTES);
            map = memory.buffer(MirrorLabel.BITMAP_BYTES);
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
        legs = new Disk[devices.length];
        for (int i = 0; i < devices.length; i++) {
            legs[i] = Disk.polled(context.platform(), devices[i]);
        }
    }

    /** How much was copied from one leg to the other. */
    long copiedBytes() {
        return copiedBytes;
    }

    private ByteBuf sector(int leg) {
        return buffer.slice(0, legs[leg].info().sectorBytes());
    }

    MirrorLabel label(int leg) {
        legs[leg].read(0, buffer, 0, legs[leg].info().sectorBytes());
        return MirrorLabel.read(sector(leg), legs[leg].info());
    }

    void write(int leg, MirrorLabel label) {
        label.put(sector(leg));
        legs[leg].write(0, buffer, 0, legs[leg].info().sectorBytes());
        legs[leg].flush();
    }

    /** Makes both a new mirror: the second is given what the first holds. */
    void format(UUID id, boolean overwrite) {
        long bytes = Long.MAX_VALUE;
        int sector = Math.max(legs[0].info().sectorBytes(), legs[1].info().sectorBytes());
        for (Disk leg : legs) {
            BlockDeviceInfo info = leg.info();
            bytes = Math.min(bytes, (info.capacityBytes() - MirrorLabel.DATA_OFFSET) / sector * sector);
        }
        if (bytes <= 0) {
            throw new DiskException(
                    "The legs are too small for a mirror: " + legs[0].info().capacityBytes() + " and "
                            + legs[1].info().capacityBytes() + " bytes.",
                    "Each has more than " + MirrorLabel.DATA_OFFSET + " bytes.",
                    null);
        }
        for (int leg = 0; leg < legs.length && !overwrite; leg++) {
            legs[leg].read(0, buffer, 0, legs[leg].info().sectorBytes());
            ByteBuf sectorBytes = sector(leg);
            for (int i = 0; i < sectorBytes.capacity(); i++) {
                if (sectorBytes.getByte(i) != 0) {
                    throw new DiskException(
                            legs[leg].info().name() + " is not blank.",
                            "The first sector is zeros before it is formatted, unless overwriting was asked for.",
                            "another device, or format with overwrite = true, if what is on it is of no use");
                }
            }
        }
        for (Disk leg : legs) {
            leg.writeZeroes(0, MirrorLabel.DATA_OFFSET);
            leg.flush();
        }
        MirrorLabel label = new MirrorLabel(id, 0, 1, false, bytes);
        write(0, label);
        join(label, 1);
        resync(label, label(1));
    }

    /** Gives a leg a label by which it belongs to a mirror, and is behind. */
    void join(MirrorLabel mirror, int newLeg) {
        BlockDeviceInfo info = legs[newLeg].info();
        if (info.capacityBytes() - MirrorLabel.DATA_OFFSET < mirror.bytes()
                || mirror.bytes() % info.sectorBytes() != 0) {
            throw new DiskException(
                    info.name() + " has " + info.capacityBytes() + " bytes in sectors of " + info.sectorBytes() + ".",
                    "A leg of this mirror has " + (mirror.bytes() + MirrorLabel.DATA_OFFSET)
                            + " bytes or more, of which its " + mirror.bytes() + " are whole sectors.",
                    null);
        }
        write(newLeg, new MirrorLabel(mirror.mirror(), 1 - mirror.leg(), 0, false, mirror.bytes()));
    }

    /** Compares the labels of two legs, brings up what is behind, and returns the labels as they are then. */
    MirrorLabel[] bringInStep() {
        MirrorLabel[] labels = {label(0), label(1)};
        String names = legs[0].info().name() + " and " + legs[1].info().name();
        if (!labels[0].mirror().equals(labels[1].mirror()) || labels[0].bytes() != labels[1].bytes()) {
            throw new DiskException(
                    names + " belong to different mirrors.",
                    null,
                    "Mirror.replace, to have one take part in the other's");
        }
        if (labels[0].leg() == labels[1].leg()) {
            throw new DiskException(
                    names + " are the same leg of a mirror, number " + labels[0].leg() + ".",
                    "A mirror has two different legs; a copy of one is not the other.",
                    null);
        }
        if (labels[0].alone() && labels[1].alone()) {
            throw new DiskException(
                    "Each of " + names + " was written without the other.",
                    "One of them has to be chosen: nobody else can know which.",
                    "Mirror.replace with the one to be kept first; what is on the other is lost");
        }
        return resync(labels[0], labels[1]);
    }

    private MirrorLabel[] resync(MirrorLabel first, MirrorLabel second) {
        int good = second.generation() > first.generation() ? 1 : 0;
        MirrorLabel[] labels = {first, second};
        int behind = 1 - good;
        if (labels[behind].generation() < labels[good].generation()) {
            LOG.info(
                    "{} is behind {}: all of it is copied, {} bytes",
                    legs[behind].info().name(),
                    legs[good].info().name(),
                    first.bytes());
            if (labels[behind].generation() != 0) {
                // Half of the old and half of the new is no state that it ever had: nobody may go on from it.
                write(behind, labels[behind].neverInStep());
            }
            BitSet all = new BitSet();
            all.set(0, first.regions());
            copy(good, behind, all, first);
        } else {
            BitSet marked = marked(0, first);
            marked.or(marked(1, first));
            if (!marked.isEmpty()) {
                LOG.info(
                        "{} and {} may differ in {} regions of {} bytes, which are copied",
                        legs[0].info().name(),
                        legs[1].info().name(),
                        marked.cardinality(),
                        first.regionBytes());
                copy(good, behind, marked, first);
            }
        }
        clearMap(behind);
        clearMap(good);
        for (int leg : new int[] {behind, good}) {
            MirrorLabel inStep = labels[leg].inStep(labels[good].generation());
            if (!inStep.equals(labels[leg])) {
                write(leg, inStep);
                labels[leg] = inStep;
            }
        }
        return labels;
    }

    private BitSet marked(int leg, MirrorLabel label) {
        legs[leg].read(MirrorLabel.BITMAP_OFFSET, map, 0, MirrorLabel.BITMAP_BYTES);
        return MirrorRegions.read(map, label.regions());
    }

    private void clearMap(int leg) {
        if (!marked(leg, label(leg)).isEmpty()) {
            map.setZero(0, MirrorLabel.BITMAP_BYTES);
            legs[leg].write(MirrorLabel.BITMAP_OFFSET, map, 0, MirrorLabel.BITMAP_BYTES);
            legs[leg].flush();
        }
    }

    private void copy(int from, int to, BitSet regions, MirrorLabel label) {
        long total = regions.cardinality();
        long done = 0;
        long told = 0;
        for (int region = regions.nextSetBit(0); region >= 0; region = regions.nextSetBit(region + 1)) {
            long start = region * label.regionBytes();
            long end = Math.min(start + label.regionBytes(), label.bytes());
            for (long at = start; at < end; at += COPY_BYTES) {
                int length = (int) Math.min(COPY_BYTES, end - at);
                legs[from].read(MirrorLabel.DATA_OFFSET + at, buffer, 0, length);
                legs[to].write(MirrorLabel.DATA_OFFSET + at, buffer, 0, length);
                copiedBytes += length;
            }
            done++;
            if (done * 10 / total > told) {
                told = done * 10 / total;
                LOG.info("{}: {} % copied", legs[to].info().name(), told * 10);
            }
        }
        legs[to].flush();
    }

    @Override
    public void close() {
        for (Disk leg : legs) {
            leg.detach();
        }
        memory.close();
    }
}
