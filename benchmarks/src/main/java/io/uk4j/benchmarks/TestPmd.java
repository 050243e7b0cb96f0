package io.uk4j.benchmarks;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** DPDK's testpmd on one processor; its command line is driven through a pipe. */
final class TestPmd implements AutoCloseable {
    private static final long LIMIT_NS = 30_000_000_000L;

    private final Path log;
    private final Process process;
    private final BufferedWriter commands;

    /**
     * Starts it and waits until it forwards.
     *
     * @param folder where its log goes
     * @param name of the process and its log
     * @param processor the only one that it uses
     * @param device its port, as {@code --vdev} takes it
     * @param mode how it forwards
     * @param bytes of the frames that it makes
     */
    TestPmd(Path folder, String name, int processor, String device, String mode, int bytes) {
        this(
                folder,
                name,
                processor,
                List.of(),
                List.of(device),
                List.of("--auto-start", "--forward-mode=" + mode, "--txpkts=" + bytes));
    }

    /**
     * Starts it in a namespace, where it forwards between two ports.
     *
     * @param netns where its interfaces are
     * @param folder where its log goes
     * @param devices its ports, as {@code --vdev} takes them
     * @param mode how it forwards
     * @param settings commands of its own, before it begins
     */
    static TestPmd forwarder(Netns netns, Path folder, List<String> devices, String mode, List<String> settings) {
        TestPmd forwarder =
                new TestPmd(folder, "forwarder", 0, netns.inside(), devices, List.of("--forward-mode=" + mode));
        try {
            for (String setting : settings) {
                forwarder.say(setting);
            }
            forwarder.say("start");
            forwarder.await(Pattern.compile("packet forwarding - ports=2"), 0);
            return forwarder;
        } catch (BenchmarkException e) {
            forwarder.close();
            throw e;
        }
    }

    private TestPmd(
            Path folder, String name, int processor, List<String> prefix, List<String> devices, List<String> options) {
        log = folder.resolve(name + ".log");
        List<String> line = new ArrayList<>(prefix);
        line.addAll(List.of("stdbuf", "-o0", "dpdk-testpmd", "--no-huge", "-m", "512"));
        line.addAll(List.of(
                "--no-pci",
                "--no-telemetry",
                "--file-prefix=" + name + ProcessHandle.current().pid()));
        line.addAll(List.of("--lcores", "0@" + processor + ",1@" + processor));
        for (String device : devices) {
            line.addAll(List.of("--vdev", device));
        }
        line.addAll(List.of("--", "-i", "--nb-cores=1", "--no-mlockall", "--total-num-mbufs=8192"));
        line.addAll(options);
        try {
            process = new ProcessBuilder(line)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new BenchmarkException("testpmd could not be started.\nTry: apt-get install dpdk", e);
        }
        commands = new BufferedWriter(process.outputWriter(StandardCharsets.UTF_8));
        await(Pattern.compile("testpmd> "), 0);
    }

    private String text() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new BenchmarkException("testpmd's log cannot be read.", e);
        }
    }

    private Matcher await(Pattern wanted, int from) {
        long startNs = System.nanoTime();
        while (System.nanoTime() - startNs < LIMIT_NS && process.isAlive()) {
            String text = text();
            Matcher matcher = wanted.matcher(text.substring(Math.min(from, text.length())));
            if (matcher.find()) {
                return matcher;
            }
            pause(20);
        }
        throw new BenchmarkException("testpmd did not print " + wanted + ":\n" + text());
    }

    private static void pause(long ms) {
        try {
            TimeUnit.MILLISECONDS.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchmarkException("Interrupted.", e);
        }
    }

    /** How many frames a second go through its port, from what it counts itself. */
    double rate(String counter, double seconds) {
        long before = count(counter);
        long startNs = System.nanoTime();
        pause((long) (seconds * 1000));
        long after = count(counter);
        return (after - before) * 1e9 / (System.nanoTime() - startNs);
    }

    /** How many frames longer than an MTU its first port has taken in or given out so far; {@code rx} or {@code tx}. */
    long largeFrames(String direction) {
        return figure("show port xstats 0", direction + "_q0_size_1519_max_packets");
    }

    private long count(String counter) {
        return figure("show port stats 0", counter);
    }

    private long figure(String command, String counter) {
        int before = text().length();
        say(command);
        return Long.parseLong(
                await(Pattern.compile(counter + ":\\s*(\\d+)\\s"), before).group(1));
    }

    private void say(String command) {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw new BenchmarkException("testpmd takes no commands:\n" + text(), e);
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
