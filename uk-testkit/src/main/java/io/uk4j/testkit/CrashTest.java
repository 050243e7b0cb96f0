package io.uk4j.testkit;

import io.uk4j.core.block.BlockDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Proves what a block device that stands on others keeps over a power cut. It runs a random workload once, over disks that record it; then
 * it cuts the power at each moment at which anything began or ended, makes disks of what may be left, opens the device over them, and reads
 * everything. Each unit must hold what was flushed, or what one of the writes since then put there; never a mixture. Now and then it
 * cuts the power again while the device is being opened.
 *
 * <pre>{@code
 * new CrashTest(disks -> MyLayer.open(disks.getFirst()))
 *         .disk(512, 256)
 *         .prepare(disks -> MyLayer.format(disks.getFirst()))
 *         .run(seed);
 * }</pre>
 *
 * <p>The device is driven by polling, on the caller's thread. What it polls below must be the disks alone.
 */
public final class CrashTest {
    private final Function<List<RecordingDisk>, BlockDevice> opener;
    private final List<int[]> geometries = new ArrayList<>();
    private Consumer<List<RecordingDisk>> preparation = _ -> {};
    private BiConsumer<Integer, List<RecordingDisk>> beforeEach = (_, _) -> {};
    private Runnable idle = () -> {};
    private int unitBytes;
    private int steps = 40;
    private int depth = 4;
    private int samples = 4;
    private int again = 40;

    /**
     * What was done.
     *
     * @param writes how many writes the workload had
     * @param cuts at how many moments the power was cut
     * @param images how many states of the disks were opened
     * @param repeated how many of those were left by a second cut, while the device was being opened
     */
    public record Report(int writes, long cuts, long images, long repeated) {}

    /**
     * A test without disks.
     *
     * @param opener opens the device under test over disks that were in use before; closing it closes them. It may read and
     *     write them by polling
     */
    public CrashTest(Function<List<RecordingDisk>, BlockDevice> opener) {
        this.opener = opener;
    }

    /**
     * Adds a disk. All of them lose power together.
     *
     * @param sectorBytes a power of two, 512 or more
     * @param sectors how many; few are enough, since every one is read at every cut
     */
    public CrashTest disk(int sectorBytes, int sectors) {
        geometries.add(new int[] {sectorBytes, sectors});
        return this;
    }

    /** What makes blank disks ready to be opened. Nothing of it is subject to cuts. */
    public CrashTest prepare(Consumer<List<RecordingDisk>> newPreparation) {
        preparation = newPreparation;
        return this;
    }

    /** What is never torn, if that is less than the device's sector. */
    public CrashTest unitBytes(int bytes) {
        unitBytes = bytes;
        return this;
    }

    /** How many requests the workload has: 40, if nothing else is said. */
    public CrashTest steps(int count) {
        steps = count;
        return this;
    }

    /** How many requests are under way at a time: 4, if nothing else is said. */
    public CrashTest depth(int count) {
        depth = count;
        return this;
    }

    /** How many random states are tried at each cut besides the systematic ones: 4, if nothing else is said. */
    public CrashTest samples(int count) {
        samples = count;
        return this;
    }

    /** What to do when a poll did nothing, such as to let virtual time pass. */
    public CrashTest idle(Runnable action) {
        idle = action;
        return this;
    }

    /** Called before each request with its number, to make a disk fail, say. */
    public CrashTest beforeEach(BiConsumer<Integer, List<RecordingDisk>> action) {
        beforeEach = action;
        return this;
    }

    /**
     * Runs it.
     *
     * @param seed of the workload and of all choices
     * @return what was done, so that a test can see that it was enough
     * @throws AssertionError if anything is not as promised; the message names seed, cut and state
     */
    public Report run(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        PowerLine formatting = new PowerLine();
        for (int[] geometry : geometries) {
            formatting.disk(geometry[0], geometry[1]);
        }
        preparation.accept(formatting.disks());
        PowerLine line =
                supply(formatting.disks().stream().map(RecordingDisk::contents).toList(), random.split());

        BlockDevice device = opener.apply(line.disks());
        int unit = unitBytes == 0 ? device.info().sectorBytes() : unitBytes;
        CrashModel model = new CrashModel(unit);
        new CrashWorkload(device, idle, line, model, unit, random.split())
                .run(steps, depth, step -> beforeEach.accept(step, line.disks()));
        device.close();
        return cutEverywhere(line, model, seed, random);
    }

    private Report cutEverywhere(PowerLine line, CrashModel model, long seed, SplittableRandom random) {
        long images = 0;
        long repeated = 0;
        for (long cut = 0; cut <= line.now(); cut++) {
            for (CrashImages.Image image : CrashImages.at(line, cut, random, samples)) {
                String where = "seed " + seed + ", power cut at " + cut + " of " + line.now() + ", left " + image.name;
                PowerLine next = supply(image.contents, random.split());
                open(next, model, cut, where);
                images++;
                if (random.nextInt(again) == 0) {
                    repeated += cutAgain(next, model, cut, where, random);
                }
            }
        }
        return new Report(model.writes(), line.now() + 1, images + repeated, repeated);
    }

    /** Cuts the power at each moment of an opening, if it wrote anything. */
    private long cutAgain(PowerLine line, CrashModel model, long cut, String where, SplittableRandom random) {
        if (line.disks().stream().allMatch(disk -> disk.changes().isEmpty())) {
            return 0;
        }
        long images = 0;
        for (long second = 0; second <= line.now(); second++) {
            for (CrashImages.Image image : CrashImages.at(line, second, random, 1)) {
                open(
                        supply(image.contents, random.split()),
                        model,
                        cut,
                        where + "; cut again at " + second + " of the opening, left " + image.name);
                images++;
            }
        }
        return images;
    }

    /**
     * Cuts the power at each moment of what was done to disks, for tests of something other than a block device.
     *
     * @param line of the disks that it was done to
     * @param seed of the choices
     * @param samples how many random states are tried at each cut besides the systematic ones
     * @param found given what is left, as disks of a line of their own, and a text for messages
     * @return how many states there were
     */
    public static long cut(PowerLine line, long seed, int samples, BiConsumer<PowerLine, String> found) {
        SplittableRandom random = new SplittableRandom(seed);
        long images = 0;
        for (long cut = 0; cut <= line.now(); cut++) {
            for (CrashImages.Image image : CrashImages.at(line, cut, random, samples)) {
                PowerLine left = new PowerLine();
                for (int i = 0; i < image.contents.size(); i++) {
                    left.disk(line.disks().get(i).info().sectorBytes(), image.contents.get(i), random.split());
                }
                found.accept(
                        left, "seed " + seed + ", power cut at " + cut + " of " + line.now() + ", left " + image.name);
                images++;
            }
        }
        return images;
    }

    private void open(PowerLine line, CrashModel model, long cut, String where) {
        try {
            BlockDevice device = opener.apply(line.disks());
            byte[] found = new PolledDevice(device, idle).readAll();
            device.close();
            model.check(found, cut, where);
        } catch (RuntimeException e) {
            throw new AssertionError(where + ": " + e.getMessage(), e);
        }
    }

    private PowerLine supply(List<byte[]> contents, SplittableRandom random) {
        PowerLine line = new PowerLine();
        for (int i = 0; i < contents.size(); i++) {
            line.disk(geometries.get(i)[0], contents.get(i), random.split());
        }
        return line;
    }
}
