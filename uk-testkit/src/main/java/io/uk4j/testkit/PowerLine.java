package io.uk4j.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What {@link RecordingDisk}s are supplied by: those of one line lose power at the same moment. Its time is the number of things that
 * happened: each start and each end of a request on any of them.
 *
 * <p>Thread rule: one thread.
 */
public final class PowerLine {
    static final long NEVER = Long.MAX_VALUE;

    private final List<RecordingDisk> disks = new ArrayList<>();
    private long now;

    /** A line that supplies nothing yet. */
    public PowerLine() {}

    /**
     * Adds a disk of zeros that carries its requests out in order.
     *
     * @param sectorBytes a power of two, 512 or more
     * @param sectors how many
     */
    public RecordingDisk disk(int sectorBytes, int sectors) {
        return add(sectorBytes, new byte[Math.multiplyExact(sectorBytes, sectors)], null);
    }

    /**
     * Adds a disk with contents that are durable.
     *
     * @param sectorBytes a power of two, 512 or more
     * @param contents whole sectors; copied
     * @param order chooses which of the requests under way is done next
     */
    public RecordingDisk disk(int sectorBytes, byte[] contents, SplittableRandom order) {
        return add(sectorBytes, contents, order);
    }

    private RecordingDisk add(int sectorBytes, byte[] contents, @Nullable SplittableRandom order) {
        RecordingDisk disk = new RecordingDisk(this, "disk" + disks.size(), sectorBytes, contents, order);
        disks.add(disk);
        return disk;
    }

    /** The disks on this line, in the order in which they were made. */
    public List<RecordingDisk> disks() {
        return List.copyOf(disks);
    }

    /** How much has happened so far. */
    public long now() {
        return now;
    }

    /** Something happens; returns when. */
    long tick() {
        return ++now;
    }
}
