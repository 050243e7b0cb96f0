package io.uk4j.maven.machine;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * A machine of QEMU that is running. It ends with this process, however that ends: a hook kills it where the JVM has time for that, and where it has
 * none, as with {@code kill -9}, the system does, on Linux with the setpriv of util-linux.
 *
 * <p>Thread rule: any thread may press the button or end it; one thread waits.
 */
public final class Machine implements AutoCloseable {
    /** How often a machine may restart before it is ended, for people. */
    public static final String RESTART_LIMIT = RestartLimit.COUNT + " times within " + RestartLimit.SECONDS + " s";

    private static final Path SETSID = Path.of("/usr/bin/setsid");
    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");
    private static final String MONITOR = "qmp";
    private static final String EVENTS = "events";
    private static final int SIGNALS = 128;
    private static final int LAST_SIGNAL = 64;
    private static final int PATIENCE_MS = 1000;
    private static final int POLL_MS = 50;
    private static final int ANSWER_BYTES = 4096;

    private final Process process;
    private final Path monitor;
    private final boolean hasPowerButton;
    private final Thread console;
    private volatile boolean looping;
    private final Thread hook = new Thread(this::kill, "uk-end-machine");

    private Machine(Process process, Path monitor, boolean hasPowerButton, OutputStream to) {
        this.process = process;
        this.monitor = monitor;
        this.hasPowerButton = hasPowerButton;
        this.console = new Thread(() -> copy(process.getInputStream(), to), "uk-console");
        console.setDaemon(true);
        console.start();
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Starts a machine.
     *
     * @param qemu the program
     * @param options of the machine
     * @param to where its console and what QEMU has to say go; it stays open
     * @throws IOException if QEMU cannot be started
     */
    public static Machine start(Qemu qemu, MachineOptions options, OutputStream to) throws IOException {
        return start(qemu, options, to, () -> {});
    }

    /**
     * Starts a machine whose guest may restart it, if the options say so. One that does so too often is ended: see {@link #RESTART_LIMIT}.
     *
     * @param qemu the program
     * @param options of the machine
     * @param to where its console and what QEMU has to say go; it stays open
     * @param restarted is told of each restart, on a thread of the machine's
     * @throws IOException if QEMU cannot be started
     */
    public static Machine start(Qemu qemu, MachineOptions options, OutputStream to, Runnable restarted)
            throws IOException {
        Path folder = Files.createTempDirectory("uk");
        Path monitor = folder.resolve(MONITOR);
        Path events = folder.resolve(EVENTS);
        List<String> line = new ArrayList<>();
        List<String> withParent = List.of(SETPRIV.toString(), "--pdeathsig", "KILL");
        if (canRun(withParent)) {
            line.addAll(withParent);
        }
        if (Files.isExecutable(SETSID)) {
            // Of a session of its own, so that the terminal's Ctrl-C reaches us, who then stop it in order.
            line.add(SETSID.toString());
        }
        line.addAll(CommandLine.of(qemu, options, monitor, "stdio"));
        if (options.restarts()) {
            line.addAll(List.of("-qmp", "unix:" + events + ",server=on,wait=off"));
        }
        Process process = spawn(line);
        process.getOutputStream().close();
        Machine machine = new Machine(process, monitor, options.hasPowerButton(), to);
        if (options.restarts()) {
            Thread watch = new Thread(() -> machine.watch(events, restarted), "uk-events");
            watch.setDaemon(true);
            watch.start();
        }
        return machine;
    }

    /** Whether this setpriv knows the option: that of BusyBox does not. */
    private static boolean canRun(List<String> line) {
        if (!Files.isExecutable(SETPRIV)) {
            return false;
        }
        List<String> trial = new ArrayList<>(line);
        trial.add("true");
        try {
            Process process = new ProcessBuilder(trial)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(PATIENCE_MS, TimeUnit.MILLISECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** To the system the thread that starts a process is its parent, so that one has to live as long. */
    private static Process spawn(List<String> line) throws IOException {
        CompletableFuture<Process> started = new CompletableFuture<>();
        Thread parent = new Thread(
                () -> {
                    try {
                        Process process = new ProcessBuilder(line)
                                .redirectErrorStream(true)
                                .start();
                        started.complete(process);
                        process.waitFor();
                    } catch (IOException | RuntimeException e) {
                        started.completeExceptionally(e);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "uk-machine");
        parent.setDaemon(true);
        parent.start();
        try {
            return started.join();
        } catch (CompletionException e) {
            throw new IOException(line.get(line.indexOf("-M") - 1) + " cannot be started: " + e.getCause(), e);
        }
    }

    /** Tells of restarts, until the machine ends. */
    private void watch(Path events, Runnable restarted) {
        RestartLimit limit = new RestartLimit();
        try {
            do {
                try (Monitor talk = Monitor.listen(events)) {
                    while (!looping) {
                        take(talk.nextEvent(), limit, restarted);
                    }
                } catch (IOException e) {
                    // It does not listen yet, or it has ended.
                }
            } while (!process.waitFor(POLL_MS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void take(JsonNode event, RestartLimit limit, Runnable restarted) {
        boolean reset = event.get("event").asText().equals("RESET")
                && event.at("/data/guest").asBoolean();
        if (reset && limit.begins(System.nanoTime())) {
            looping = limit.isReached();
            if (looping) {
                kill();
            } else {
                restarted.run();
            }
        }
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
     * Presses the power button.
     *
     * @return whether the machine has one
     * @throws IOException if QEMU does not listen
     */
    public boolean pressPowerButton() throws IOException {
        pressPowerButton(monitor);
        return hasPowerButton;
    }

    /** Presses the power button of whoever listens there. */
    static void pressPowerButton(Path monitor) throws IOException {
        try (Monitor talk = Monitor.ask(monitor)) {
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
            try (Monitor talk = Monitor.ask(monitor)) {
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

    /** The code that the appliance ended with, or -1 if it was ended from outside. Codes of 64 to 95 cannot be told from that. */
    public int code() {
        return code(process.exitValue());
    }

    /** QEMU ends with 2n + 1 for a code n, and 128 and its number stand for a signal. */
    static int code(int status) {
        return status > SIGNALS && status <= SIGNALS + LAST_SIGNAL ? -1 : status >> 1;
    }

    /** Whether it was ended because it restarted too often: see {@link #RESTART_LIMIT}. */
    public boolean isLooping() {
        return looping;
    }

    /** What somebody else needs who is to end it. */
    public MachineRecord toRecord() {
        ProcessHandle ours = ProcessHandle.current();
        return new MachineRecord(
                process.pid(),
                MachineRecord.startOf(process.toHandle()),
                ours.pid(),
                MachineRecord.startOf(ours),
                monitor);
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
            // Its ports, its disks and its last lines are somebody's who comes after.
            awaitEnd(PATIENCE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return; // The process is on its way out, and the hook does its part.
        }
        forget(monitor);
    }

    /** Deletes what a machine that has ended leaves of its conversations. */
    static void forget(Path monitor) throws IOException {
        Path folder = monitor.getParent();
        if (folder == null || !monitor.endsWith(MONITOR)) {
            return;
        }
        Files.deleteIfExists(monitor);
        Files.deleteIfExists(folder.resolve(EVENTS));
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            return; // Somebody else's, then.
        }
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
