package io.uk4j.vhost.user;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** DPDK's testpmd with a {@code net_vhost} port as the back end; its command line is driven through a pipe. */
final class TestPmd implements AutoCloseable {
    private final Path log;
    private final Path socket;
    private final Process process;
    private final BufferedWriter commands;

    /**
     * Starts it.
     *
     * @param folder where its socket and its log are
     * @param vhostOptions more of the port's options, each with a comma in front; may be empty. It has one pair of queues unless they say
     *     otherwise
     * @param options of testpmd itself, such as the forwarding mode
     */
    TestPmd(Path folder, String vhostOptions, List<String> eal, String... options) {
        log = folder.resolve("testpmd.log");
        socket = folder.resolve("net.sock");
        List<String> command = new ArrayList<>(List.of(
                // Its standard output is a file here, which it would write to by whole pages only.
                "stdbuf",
                "-o0",
                "dpdk-testpmd",
                "--no-huge",
                "-m",
                "256",
                "--no-pci",
                "--no-telemetry",
                "--file-prefix=" + folder.getFileName(),
                "--lcores",
                "0@0,1@0"));
        command.addAll(eal);
        command.addAll(List.of(
                "--vdev",
                "net_vhost0,iface=" + socket + (vhostOptions.contains(",queues=") ? "" : ",queues=1") + vhostOptions,
                "--",
                "-i",
                "--nb-cores=1",
                "--no-mlockall",
                "--total-num-mbufs=4096",
                "--auto-start"));
        command.addAll(List.of(options));
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // Whatever becomes of the test, the process does not outlive it.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        commands = new BufferedWriter(process.outputWriter(StandardCharsets.UTF_8));
        Awaiting.until("testpmd to listen", () -> text().contains("testpmd> ") || !process.isAlive());
        if (!process.isAlive()) {
            throw new IllegalStateException(text());
        }
    }

    String socket() {
        return socket.toString();
    }

    String text() {
        try {
            return Files.exists(log) ? Files.readString(log) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One figure of {@code show port stats}, such as {@code RX-packets}. */
    long figure(String name, int port) {
        return asked("show port stats " + port, name + ":\\s*(\\d+)\\s", name);
    }

    /** How many frames it has forwarded that came by a queue, of several. */
    long forwarded(int queue) {
        return asked("show fwd stats all", "Queue= " + queue + " ->[^\\n]*\\n\\s*RX-packets: (\\d+)\\s", "queues");
    }

    private long asked(String command, String regex, String name) {
        int before = text().length();
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Pattern pattern = Pattern.compile(regex);
        Awaiting.until(
                "testpmd to show " + name,
                () -> pattern.matcher(text().substring(before)).find());
        Matcher matcher = pattern.matcher(text().substring(before));
        return matcher.find() ? Long.parseLong(matcher.group(1)) : -1;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
