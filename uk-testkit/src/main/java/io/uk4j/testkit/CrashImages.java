package io.uk4j.testkit;

import io.uk4j.testkit.RecordingDisk.Change;
import io.uk4j.testkit.RecordingDisk.Flush;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiPredicate;

/**
 * What may be left on disks after a power cut. A write is durable if it had ended when a flush began that has ended. Of all other writes
 * that had begun, each sector may have been written or not, and of several to one sector any may be what is left.
 */
final class CrashImages {
    /** Up to how many open writes every subset of them is tried. */
    private static final int EXHAUSTIVE = 4;

    /** Up to how many open writes each of them is tried alone, left out, and torn. */
    private static final int SINGLY = 12;

    /** One possibility. */
    static final class Image {
        final String name;
        final List<byte[]> contents;

        Image(String name, List<byte[]> contents) {
            this.name = name;
            this.contents = contents;
        }
    }

    /** What is open on a disk at a cut, over what is durable. */
    private static final class Open {
        final RecordingDisk disk;
        final byte[] durable;
        final List<Change> changes = new ArrayList<>();

        Open(RecordingDisk disk) {
            this.disk = disk;
            durable = disk.before().clone();
        }
    }

    private final List<Open> disks = new ArrayList<>();
    private final List<Image> images = new ArrayList<>();
    private final SplittableRandom random;
    private int open;

    private CrashImages(PowerLine line, long cut, SplittableRandom random) {
        this.random = random;
        for (RecordingDisk disk : line.disks()) {
            disks.add(open(disk, cut));
            open += disks.getLast().changes.size();
        }
    }

    /**
     * The possibilities at a cut: none and all of the open writes, each alone, all but each, each torn in its middle; every subset of them
     * where they are few; and sectors chosen at random.
     */
    static List<Image> at(PowerLine line, long cut, SplittableRandom random, int samples) {
        CrashImages images = new CrashImages(line, cut, random);
        images.build(samples);
        return images.images;
    }

    private static Open open(RecordingDisk disk, long cut) {
        long flushed = 0;
        for (Flush flush : disk.flushes()) {
            if (flush.completed() <= cut) {
                flushed = Math.max(flushed, flush.submitted());
            }
        }
        Open found = new Open(disk);
        List<Change> ordered = new ArrayList<>(disk.changes());
        ordered.sort(Comparator.comparingLong(change -> change.completed));
        for (Change change : ordered) {
            if (change.completed < flushed) {
                System.arraycopy(change.data, 0, found.durable, (int) change.offset, change.data.length);
            } else if (change.submitted <= cut) {
                found.changes.add(change);
            }
        }
        return found;
    }

    private void build(int samples) {
        add("nothing that was not flushed", (_, _) -> false);
        if (open == 0) {
            return;
        }
        add("everything", (_, _) -> true);
        for (int one = 0; one < open && open <= SINGLY; one++) {
            int write = one;
            add("only open write " + one, (i, _) -> i == write);
            add("all but open write " + one, (i, _) -> i != write);
            add("the front half of open write " + one, (i, sector) -> i == write && sector < half(write));
            add("all but the front half of open write " + one, (i, sector) -> i != write || sector >= half(write));
        }
        for (int subset = 0; subset < 1 << open && open <= EXHAUSTIVE; subset++) {
            int chosen = subset;
            add("subset " + Integer.toBinaryString(subset), (i, _) -> (chosen >> i & 1) != 0);
        }
        for (int sample = 0; sample < samples; sample++) {
            addRandom("sample " + sample);
        }
    }

    private int half(int write) {
        int i = write;
        for (Open each : disks) {
            if (i < each.changes.size()) {
                return each.changes.get(i).data.length / each.disk.info().sectorBytes() / 2;
            }
            i -= each.changes.size();
        }
        throw new IllegalStateException();
    }

    /** Adds an image with those sectors (the second argument, counted from the start of the write) of those open writes that are chosen. */
    private void add(String name, BiPredicate<Integer, Integer> chosen) {
        List<byte[]> contents = new ArrayList<>();
        int first = 0;
        for (Open each : disks) {
            byte[] data = each.durable.clone();
            for (int i = 0; i < each.changes.size(); i++) {
                Change change = each.changes.get(i);
                int bytes = each.disk.info().sectorBytes();
                for (int sector = 0; sector * bytes < change.data.length; sector++) {
                    if (chosen.test(first + i, sector)) {
                        System.arraycopy(
                                change.data, sector * bytes, data, (int) change.offset + sector * bytes, bytes);
                    }
                }
            }
            first += each.changes.size();
            contents.add(data);
        }
        images.add(new Image(name, contents));
    }

    /** Of each write any sectors, in any order of the writes: so each sector holds any of what it may hold. */
    private void addRandom(String name) {
        List<byte[]> contents = new ArrayList<>();
        double share = random.nextDouble();
        for (Open each : disks) {
            byte[] data = each.durable.clone();
            List<Change> left = new ArrayList<>(each.changes);
            int bytes = each.disk.info().sectorBytes();
            while (!left.isEmpty()) {
                Change change = left.remove(random.nextInt(left.size()));
                for (int at = 0; at < change.data.length; at += bytes) {
                    if (random.nextDouble() < share) {
                        System.arraycopy(change.data, at, data, (int) change.offset + at, bytes);
                    }
                }
            }
            contents.add(data);
        }
        images.add(new Image(name, contents));
    }
}
