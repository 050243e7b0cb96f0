package io.uk4j.benchmarks;

import static io.uk4j.benchmarks.Median.median;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The block driver over vhost-user against qemu-storage-daemon, each on a processor of its own. The peers are fio and {@code qemu-img bench}
 * on the same node of the same daemon, which they reach by NBD: neither of them, as Debian has it, speaks vhost-user.
 */
final class VirtioBlockBenchmark implements Benchmark {
    private static final long IMAGE_BYTES = 64L << 20;
    private static final double MB = 1e6;

    /** Of the words of fio's terse output, version 3. */
    private static final int FIO_READ_IOPS = 7;

    private static final int FIO_WRITE_IOPS = 48;

    @Override
    public String name() {
        return "virtio-blk";
    }

    @Override
    public String description() {
        return "the virtio block driver against qemu-storage-daemon, beside fio and qemu-img bench on the same daemon";
    }

    @Override
    public List<Row> run(boolean quick) {
        int runs = quick ? 1 : 5;
        double seconds = quick ? 0.5 : 1;
        List<Row> rows = new ArrayList<>();
        for (int bytes : new int[] {4 << 10, 128 << 10}) {
            for (int depth : new int[] {1, 32}) {
                for (String operation : List.of("read", "write")) {
                    measure(rows, new Case(operation, bytes, depth), runs, seconds);
                }
            }
        }
        return rows;
    }

    /** What is done. */
    private record Case(String operation, int bytes, int depth) {
        String text() {
            return operation + " " + (bytes >> 10) + " KB, depth " + depth;
        }
    }

    private static void measure(List<Row> rows, Case what, int runs, double seconds) {
        double[] ours = new double[runs];
        double[] heap = new double[runs];
        double[] fio = new double[runs];
        double[] image = new double[runs];
        for (int run = 0; run < runs; run++) {
            System.out.printf("run %d of %d: %s%n", run + 1, runs, what.text());
            try (Daemon daemon = new Daemon()) {
                double[] words = probe(what, daemon, seconds);
                ours[run] = words[0] * 1e9 / words[1];
                heap[run] = words[2] / words[0];
                fio[run] = fio(what, daemon, seconds);
                image[run] = qemuImg(what, daemon, ours[run] * seconds);
            }
        }
        boolean fioIsBest = median(fio) >= median(image);
        String peer = fioIsBest ? "fio, NBD" : "qemu-img, NBD";
        double best = Math.max(median(fio), median(image));
        if (what.bytes < 64 << 10) {
            rows.add(Row.more(what.text(), "iops", "1/s", median(ours), peer, best));
        } else {
            double perRequest = what.bytes / MB;
            rows.add(Row.more(what.text(), "bandwidth", "MB/s", median(ours) * perRequest, peer, best * perRequest));
        }
        rows.add(Row.alone(what.text(), "heap", "B/request", median(heap)));
    }

    private static double[] probe(Case what, Daemon daemon, double seconds) {
        String line = Command.run(
                "taskset",
                "-c",
                "1",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UnlockExperimentalVMOptions",
                "-XX:+UseEpsilonGC",
                "-Xms512m",
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                VirtioBlockProbe.class.getName(),
                what.operation,
                daemon.vhostSocket(),
                Integer.toString(what.bytes),
                Integer.toString(what.depth),
                "3",
                Double.toString(seconds));
        return Arrays.stream(line.strip().split(" ", -1))
                .filter(word -> !word.isEmpty() && Character.isDigit(word.charAt(0)))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    private static double fio(Case what, Daemon daemon, double seconds) {
        String line = Command.run(
                "taskset",
                "-c",
                "1",
                "fio",
                "--name=peer",
                "--ioengine=nbd",
                "--uri=" + daemon.nbd(),
                "--rw=" + what.operation,
                "--bs=" + what.bytes,
                "--iodepth=" + what.depth,
                "--size=" + IMAGE_BYTES,
                "--time_based",
                "--runtime=" + Math.max(1, Math.round(seconds)),
                "--thread",
                "--output-format=terse",
                "--terse-version=3");
        String[] fields = line.strip().split(";", -1);
        int field = what.operation.equals("read") ? FIO_READ_IOPS : FIO_WRITE_IOPS;
        if (fields.length <= field) {
            throw new BenchmarkException("fio said something else than expected: " + line);
        }
        return Double.parseDouble(fields[field]);
    }

    /** It takes a number of requests, not a time: about as many as ours did. */
    private static double qemuImg(Case what, Daemon daemon, double about) {
        long count = Math.clamp(Math.round(about / 2), 100L, 1_000_000L);
        List<String> words = new ArrayList<>(List.of("taskset", "-c", "1", "qemu-img", "bench", "-f", "raw"));
        if (what.operation.equals("write")) {
            words.add("-w");
        }
        words.addAll(List.of(
                "-c",
                Long.toString(count),
                "-d",
                Integer.toString(what.depth),
                "-s",
                Integer.toString(what.bytes),
                daemon.nbd()));
        String text = Command.run(words.toArray(String[]::new));
        String start = "Run completed in ";
        int at = text.indexOf(start);
        if (at < 0) {
            throw new BenchmarkException("qemu-img bench said something else than expected: " + text);
        }
        String time = text.substring(at + start.length(), text.indexOf(' ', at + start.length()));
        return count / Double.parseDouble(time);
    }

    /** A daemon with one file, exported both ways. */
    private static final class Daemon implements AutoCloseable {
        private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(10);

        private final Path folder;
        private final Process process;

        Daemon() {
            try {
                folder = Files.createTempDirectory("uk-bench");
                Path image = folder.resolve("disk.img");
                try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                    // Written as a whole, so that nobody measures how a file grows.
                    byte[] piece = new byte[1 << 20];
                    for (long at = 0; at < IMAGE_BYTES; at += piece.length) {
                        file.write(piece);
                    }
                }
                process = new ProcessBuilder(
                                "taskset",
                                "-c",
                                "0",
                                "qemu-storage-daemon",
                                "--blockdev",
                                "driver=file,node-name=f0,filename=" + image,
                                "--blockdev",
                                "driver=raw,node-name=d0,file=f0",
                                "--nbd-server",
                                "addr.type=unix,addr.path=" + folder.resolve("nbd"),
                                "--export",
                                "type=nbd,id=e1,node-name=d0,name=d0,writable=on",
                                "--export",
                                "type=vhost-user-blk,id=e0,addr.type=unix,addr.path=" + vhostSocket()
                                        + ",node-name=d0,writable=on")
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("log").toFile())
                        .start();
                awaitSocket();
            } catch (IOException e) {
                throw new BenchmarkException(
                        "qemu-storage-daemon could not be started (Debian: qemu-system-common): " + e.getMessage(), e);
            }
        }

        private void awaitSocket() throws IOException {
            long limitNs = System.nanoTime() + LIMIT_NS;
            while (!listens()) {
                if (!process.isAlive() || System.nanoTime() - limitNs > 0) {
                    throw new BenchmarkException(
                            "qemu-storage-daemon does not listen: " + Files.readString(folder.resolve("log")));
                }
                Thread.onSpinWait();
            }
        }

        /** The flag is that of sockets that listen, which a file may not do yet. */
        private boolean listens() throws IOException {
            try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"))) {
                return sockets.anyMatch(line -> line.endsWith(" " + vhostSocket()) && line.contains(" 00010000 "));
            }
        }

        String vhostSocket() {
            return folder.resolve("blk").toString();
        }

        String nbd() {
            return String.format(Locale.ROOT, "nbd+unix:///d0?socket=%s", folder.resolve("nbd"));
        }

        @Override
        public void close() {
            process.destroy();
            try {
                if (!process.waitFor(5, TimeUnit.SECONDS)) {
                    process.destroyForcibly().waitFor();
                }
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path file : files.toList()) {
                        Files.deleteIfExists(file);
                    }
                }
                Files.deleteIfExists(folder);
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
