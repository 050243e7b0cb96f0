package io.uk4j.benchmarks;

import static io.uk4j.benchmarks.Median.median;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * From power-on to the first byte of hello-http's page: our sealed image beside a Linux guest with the same Java runtime, the same flags and the
 * same HTTP server, in the same machine of QEMU.
 */
final class BootBenchmark implements Benchmark {
    private static final String PAGE = "/";
    private static final String TITLE = "Hello from uk4j";

    private static final int MEMORY_MIB = 384;
    private static final int MOST_MEMORY_MIB = 512;
    private static final int REQUESTS = 500;

    /** Far more than it takes, even where others use the machine as well. */
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private final Path folder;
    private final Peers peers;
    private final Path image;

    /**
     * Prepares it.
     *
     * @param target where benchmarks put their files
     * @param peers where compiled peers are put
     * @param image of hello-http, as ./uk image makes it
     */
    BootBenchmark(Path target, Path peers, Path image) {
        folder = target.resolve("boot");
        this.peers = new Peers(peers);
        this.image = image;
    }

    @Override
    public String name() {
        return "boot";
    }

    @Override
    public String description() {
        return "a sealed image of hello-http from power-on to its first byte, beside Linux in the same machine of QEMU";
    }

    @Override
    public List<Row> run(boolean quick) {
        Path init = peers.program("linux_init", "-static");
        Path printer = peers.program("static_main", "-static");
        Path plugin = peers.program("counts", "-shared", "-fPIC");
        LinuxGuest linux = new LinuxGuest(folder.resolve("linux"));
        BootMachine.Guest ours = SealedGuest.of(image);
        BootMachine.Guest oursStatic = SealedGuest.program(folder, printer);
        BootMachine.Guest theirsStatic = linux.program(printer);
        System.out.println("Pages of the image are verified by CRC32C when they are first used. Linux is "
                + linux.version() + " and verifies nothing.");
        List<Row> rows = new ArrayList<>();
        BootMachine.Counter counter = new BootMachine.Counter(plugin, folder.resolve("counts"));
        for (BootMachine.Model model :
                quick ? List.of(BootMachine.Model.Q35) : List.of(BootMachine.Model.Q35, BootMachine.Model.MICROVM)) {
            Pair pair = new Pair(model, ours, linux.helloHttp(model, image, init, true));
            if (model.equals(BootMachine.Model.Q35)) {
                firstByte(rows, pair, quick ? 1 : 3);
                memory(rows, pair, quick ? 32 : 8);
                sizes(rows, pair, quick ? 3 : 19);
            }
            instructions(rows, pair, counter);
            if (!quick && model.equals(BootMachine.Model.Q35)) {
                asItComes(rows, new Pair(model, ours, linux.helloHttp(model, image, init, false)), counter);
            }
            staticProgram(rows, new Pair(model, oursStatic, theirsStatic), counter);
        }
        return rows;
    }

    /** Two guests in machines of one kind. */
    private record Pair(BootMachine.Model model, BootMachine.Guest ours, BootMachine.Guest theirs) {
        Row less(String testCase, String metric, String unit, double value, double peerValue) {
            return Row.less(model.name() + ", " + testCase, metric, unit, value, theirs.name(), peerValue);
        }

        Row instructions(String testCase, long value, long peerValue) {
            return less(testCase, "instructions", "million", value / 1e6, peerValue / 1e6);
        }
    }

    private record Started(double wallMs, double processorMs) {}

    private static void firstByte(List<Row> rows, Pair pair, int runs) {
        List<Started> ours = new ArrayList<>();
        List<Started> theirs = new ArrayList<>();
        for (int run = 0; run < runs; run++) {
            System.out.printf("run %d of %d: %s, first byte%n", run + 1, runs, pair.model.name());
            ours.add(start(pair.model, pair.ours));
            theirs.add(start(pair.model, pair.theirs));
        }
        rows.add(pair.less("first byte", "wall", "ms", median(ours, Started::wallMs), median(theirs, Started::wallMs)));
        rows.add(pair.less(
                "first byte",
                "processor",
                "ms",
                median(ours, Started::processorMs),
                median(theirs, Started::processorMs)));
    }

    private static Started start(BootMachine.Model model, BootMachine.Guest guest) {
        try (BootMachine machine = new BootMachine(model, guest, MEMORY_MIB, 1, null, LIMIT)) {
            awaitReady(machine, guest);
            try (BootMachine.Client client = machine.new Client()) {
                client.ask(PAGE);
                Started started = new Started(
                        machine.elapsedNs() / 1e6, machine.processorTime().toNanos() / 1e6);
                client.take(TITLE);
                return started;
            }
        } catch (IOException e) {
            throw failed(guest, e);
        }
    }

    private static void awaitReady(BootMachine machine, BootMachine.Guest guest) {
        if (!machine.awaitLine("Ready: ")) {
            throw new BenchmarkException("The guest of " + guest.name() + " did not get ready:\n" + machine.console());
        }
    }

    private static BenchmarkException failed(BootMachine.Guest guest, IOException cause) {
        return new BenchmarkException("The guest of " + guest.name() + " did not serve its page: " + cause, cause);
    }

    private record Counted(BootMachine.Counts first, double perRequest) {}

    /** Once each: from run to run the counts differ by up to two hundredths. */
    private static void instructions(List<Row> rows, Pair pair, BootMachine.Counter counter) {
        System.out.println(pair.model.name() + ", instructions");
        Counted ours = count(pair.model, pair.ours, counter, REQUESTS);
        Counted theirs = count(pair.model, pair.theirs, counter, REQUESTS);
        BootMachine.Counts our = ours.first;
        BootMachine.Counts their = theirs.first;
        rows.add(pair.instructions("first byte", our.all(), their.all()));
        rows.add(pair.instructions("first byte, firmware", our.entry(), their.entry()));
        rows.add(pair.instructions("first byte, kernel", our.kernel(), their.kernel()));
        rows.add(pair.instructions("first byte, programs", our.programs(), their.programs()));
        rows.add(pair.less(
                "page", "instructionsPerRequest", "thousand", ours.perRequest / 1e3, theirs.perRequest / 1e3));
    }

    /** The peer without what was done to make it start sooner. */
    private static void asItComes(List<Row> rows, Pair pair, BootMachine.Counter counter) {
        firstByte(rows, pair, 3);
        long ours = count(pair.model, pair.ours, counter, 1).first.all();
        long theirs = count(pair.model, pair.theirs, counter, 1).first.all();
        rows.add(pair.instructions("first byte", ours, theirs));
    }

    private static Counted count(
            BootMachine.Model model, BootMachine.Guest guest, BootMachine.Counter counter, int requests) {
        try (BootMachine machine = new BootMachine(model, guest, MEMORY_MIB, 1, counter, LIMIT)) {
            awaitReady(machine, guest);
            try (BootMachine.Client client = machine.new Client()) {
                client.ask(PAGE);
                BootMachine.Counts first = machine.counts();
                client.take(TITLE);
                request(client, requests);
                long before = machine.counts().all();
                request(client, requests);
                return new Counted(first, (machine.counts().all() - before) / (double) requests);
            }
        } catch (IOException e) {
            throw failed(guest, e);
        }
    }

    /** Small answers, the same on both sides: the page lists what was counted, and our stack counts more than a socket. */
    private static void request(BootMachine.Client client, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            client.ask("/health");
            client.take("ok");
        }
    }

    /** What is before a program's first line, with no Java in it. */
    private static void staticProgram(List<Row> rows, Pair pair, BootMachine.Counter counter) {
        System.out.println(pair.model.name() + ", static program");
        BootMachine.Counts ours = countToMain(pair.model, pair.ours, counter);
        BootMachine.Counts theirs = countToMain(pair.model, pair.theirs, counter);
        rows.add(pair.instructions("main of a static program", ours.all(), theirs.all()));
        rows.add(pair.instructions("main of a static program, kernel", ours.kernel(), theirs.kernel()));
    }

    private static BootMachine.Counts countToMain(
            BootMachine.Model model, BootMachine.Guest guest, BootMachine.Counter counter) {
        try (BootMachine machine = new BootMachine(model, guest, MEMORY_MIB, 1, counter, LIMIT)) {
            if (!machine.awaitLine("main")) {
                throw new BenchmarkException(
                        "The static program of " + guest.name() + " said nothing:\n" + machine.console());
            }
            return machine.counts();
        }
    }

    private static void memory(List<Row> rows, Pair pair, int step) {
        rows.add(pair.less(
                "smallest that serves",
                "memory",
                "MiB",
                leastMemory(pair.model, pair.ours, step),
                leastMemory(pair.model, pair.theirs, step)));
    }

    private static int leastMemory(BootMachine.Model model, BootMachine.Guest guest, int stepMib) {
        int tooLittle = 0;
        int enough = MOST_MEMORY_MIB;
        while (enough - tooLittle > stepMib) {
            int tried = (tooLittle + enough) / 2;
            boolean served = serves(model, guest, tried);
            System.out.printf(
                    "%s, %s with %d MiB: %s%n", model.name(), guest.name(), tried, served ? "serves" : "fails");
            if (served) {
                enough = tried;
            } else {
                tooLittle = tried;
            }
        }
        return enough;
    }

    private static boolean serves(BootMachine.Model model, BootMachine.Guest guest, int memoryMib) {
        try (BootMachine machine = new BootMachine(model, guest, memoryMib, 1, null, Duration.ofMinutes(1))) {
            if (!machine.awaitLine("Ready: ")) {
                return false;
            }
            try (BootMachine.Client client = machine.new Client()) {
                client.ask(PAGE);
                client.take(TITLE);
                return true;
            }
        } catch (IOException _) {
            return false;
        }
    }

    private void sizes(List<Row> rows, Pair pair, int level) {
        double[] ours = sizes(pair.ours, level);
        double[] theirs = sizes(pair.theirs, level);
        rows.add(pair.less("image", "imageBytes", "MB", ours[0], theirs[0]));
        rows.add(pair.less("image, zstd -" + level, "packedBytes", "MB", ours[1], theirs[1]));
    }

    /** As booted, and packed, in MB. */
    private double[] sizes(BootMachine.Guest guest, int level) {
        double[] sizes = new double[2];
        Path packed = folder.resolve("packed.zst");
        for (Path file : guest.module() == null
                ? List.of(guest.kernel())
                : List.of(guest.kernel(), Objects.requireNonNull(guest.module()))) {
            System.out.println("packing " + file.getFileName());
            pack(file, packed, level);
            sizes[0] += file.toFile().length() / 1e6;
            sizes[1] += packed.toFile().length() / 1e6;
        }
        return sizes;
    }

    /** Takes longer than other commands may. */
    private static void pack(Path file, Path packed, int level) {
        try {
            Process process = new ProcessBuilder(
                            "zstd", "-" + level, "-q", "-f", "-T0", file.toString(), "-o", packed.toString())
                    .inheritIO()
                    .start();
            if (!process.waitFor(20, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new BenchmarkException("zstd failed.");
            }
        } catch (IOException e) {
            throw new BenchmarkException("zstd could not be started.\nTry: apt-get install zstd", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchmarkException("zstd was interrupted.", e);
        }
    }
}
