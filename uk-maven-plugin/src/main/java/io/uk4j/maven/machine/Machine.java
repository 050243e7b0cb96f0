package io.uk4j.maven.machine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A machine of QEMU that is running.
 *
 * <p>Thread rule: any thread may press the button or end it; one thread waits.
 */
public final class Machine implements AutoCloseable {
    private static final Path SETSID = Path.of("/usr/bin/setsid");
    private static final int PATIENCE_MS = 1000;
    private static final int POLL_MS = 50;
    private static final int ANSWER_BYTES = 4096;

    private final Process process;
    private final Path folder;
    private final Path monitor;
    private final Thread console;
    private final Thread hook = new Thread(this::kill, "uk-end-machine");

    private Machine(Process process, Path folder, Path monitor, OutputStream to) {
        this.process = process;
        this.folder = folder;
        this.monitor = monitor;
        this.console = new Thread(() -> copy(process.getInputStream(), to), "uk-console");
        console.setDaemon(true);
        console.start();
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Starts a machine. It ends with this process.
     *
     * @param qemu the program
     * @param options of the machine
     * @param to where its console and what QEMU has to say go; it stays open
     * @throws IOException if QEMU cannot be started
     */
    public static Machine start(Qemu qemu, MachineOptions options, OutputStream to) throws IOException {
        Path folder = Files.createTempDirectory("uk");
        Path monitor = folder.resolve("qmp");
        List<String> line = new ArrayList<>();
        if (Files.isExecutable(SETSID)) {
            // Of a session of its own, so that the terminal's Ctrl-C reaches us, who then stop it in order.
            line.add(SETSID.toString());
        }
        line.addAll(CommandLine.of(qemu, options, monitor, "stdio"));
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        return new Machine(process, folder, monitor, to);
    }

    /**
     * The line that starts such a machine from a shell.
     *
     * @param qemu the program
     * @param options of the machine
     */
    public static List<String> line(Qemu qemu, MachineOptions options) {
        return CommandLine.of(qemu, options, null, "stdio");
    }

    /**
     * Presses the power button, if the machine has one.
     *
     * @throws IOException if QEMU does not listen
     */
    public void pressPowerButton() throws IOException {
        try (Monitor talk = new Monitor(monitor)) {
            talk.execute("system_powerdown", Map.of());
        }
    }

    /**
     * Waits until the appliance takes a connection on a forwarded TCP port. That QEMU takes it says nothing; its list of connections tells which of
     * them the appliance has taken.
     *
     * @param port of this machine
     * @param limitMs how long at most
     * @return whether it does; false if the machine ended or the time is over
     */
    public boolean awaitListening(int port, long limitMs) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMs);
        while (System.nanoTime() - end < 0) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MS);
                if (isTaken(port, end)) {
                    return true;
                }
            } catch (IOException e) {
                // QEMU does not listen yet, or the appliance refused.
            }
            if (process.waitFor(POLL_MS, TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        return false;
    }

    /** Looks for a while: QEMU asks the appliance again ever more seldom, so a new connection is better than an old one. */
    private boolean isTaken(int port, long end) throws IOException, InterruptedException {
        String line = "TCP\\[ESTABLISHED\\] .* 127\\.0\\.0\\.1 +" + port + " .*";
        long give = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MS);
        while (System.nanoTime() - give < 0 && System.nanoTime() - end < 0) {
            try (Monitor talk = new Monitor(monitor)) {
                if (talk.human("info usernet").lines().map(String::strip).anyMatch(found -> found.matches(line))) {
                    return true;
                }
            }
            if (process.waitFor(POLL_MS, TimeUnit.MILLISECONDS)) {
                return false;
            }
        }
        return false;
    }

    /**
     * Waits for its end.
     *
     * @param limitMs how long at most
     * @return whether it has ended
     */
    public boolean awaitEnd(long limitMs) throws InterruptedException {
        if (!process.waitFor(limitMs, TimeUnit.MILLISECONDS)) {
            return false;
        }
        console.join();
        return true;
    }

    /** The code that the appliance ended with, or -1 if it was ended from outside. */
    public int code() {
        int status = process.exitValue();
        return status >= 128 ? -1 : status >> 1;
    }

    /** Whether it runs. */
    public boolean isRunning() {
        return process.isAlive();
    }

    /** Ends it as a power cut would. */
    public void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    @Override
    public void close() throws IOException {
        kill();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // The process is on its way out, and the hook does its part.
        }
        Files.deleteIfExists(monitor);
        Files.deleteIfExists(folder);
    }

    private static void copy(InputStream from, OutputStream to) {
        byte[] buffer = new byte[ANSWER_BYTES];
        try (from) {
            for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                to.write(buffer, 0, count);
                to.flush();
            }
        } catch (IOException e) {
            // The machine has ended, or nobody reads: neither is for us to mend.
            return;
        }
    }
}
