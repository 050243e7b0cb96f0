package io.uk4j.benchmarks;

import static io.uk4j.benchmarks.Median.median;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What further processors of a sealed image's machine are good for: {@link ParallelWork} on two, by the clock, and what it takes on four by instructions,
 * beside the same work on one.
 */
final class SmpBenchmark implements Benchmark {
    private static final int MEMORY_MIB = 384;
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private final Path folder;
    private final Peers peers;
    private final Path image;

    /**
     * Prepares it.
     *
     * @param target where benchmarks put their files
     * @param peers where compiled peers are put
     * @param image of hello-http, as ./uk image makes it: the guest has its runtime and flags
     */
    SmpBenchmark(Path target, Path peers, Path image) {
        folder = target.resolve("smp");
        this.peers = new Peers(peers);
        this.image = image;
    }

    @Override
    public String name() {
        return "smp";
    }

    @Override
    public String description() {
        return "the same parallel Java work in a sealed image on one, two and four processors of QEMU";
    }

    @Override
    public List<Row> run(boolean quick) {
        BootMachine.Guest guest = SealedGuest.parallelWork(folder, image);
        BootMachine.Counter counter =
                new BootMachine.Counter(peers.program("counts", "-shared", "-fPIC"), folder.resolve("counts"));
        int runs = quick ? 1 : 5;
        double[] one = new double[runs];
        double[] two = new double[runs];
        for (int run = 0; run < runs; run++) {
            System.out.printf("run %d of %d%n", run + 1, runs);
            one[run] = timeMs(guest, 1);
            two[run] = timeMs(guest, 2);
        }
        List<Row> rows = new ArrayList<>();
        rows.add(Row.less("parallel work, 2 processors", "time", "ms", median(two), "1 processor", median(one)));
        System.out.println("instructions");
        rows.add(Row.less(
                "parallel work, 4 processors",
                "instructions",
                "million",
                instructions(guest, 4, counter) / 1e6,
                "1 processor",
                instructions(guest, 1, counter) / 1e6));
        return rows;
    }

    private static double timeMs(BootMachine.Guest guest, int processors) {
        try (BootMachine machine = new BootMachine(BootMachine.Model.Q35, guest, MEMORY_MIB, processors, null, LIMIT)) {
            await(machine, "processors " + processors);
            await(machine, "begin");
            return await(machine, "end ") / 1e6;
        }
    }

    private static long instructions(BootMachine.Guest guest, int processors, BootMachine.Counter counter) {
        try (BootMachine machine =
                new BootMachine(BootMachine.Model.Q35, guest, MEMORY_MIB, processors, counter, LIMIT)) {
            await(machine, "processors " + processors);
            await(machine, "begin");
            long before = machine.counts().all();
            await(machine, "end ");
            return machine.counts().all() - before;
        }
    }

    /** The number in the line that begins so; 0 if there is none in it. */
    private static long await(BootMachine machine, String text) {
        if (!machine.awaitLine(text)) {
            throw new BenchmarkException("The guest did not print " + text + ":\n" + machine.console());
        }
        String line = machine.console().lines().toList().getLast();
        return text.endsWith(" ") ? Long.parseLong(line.substring(text.length())) : 0;
    }
}
