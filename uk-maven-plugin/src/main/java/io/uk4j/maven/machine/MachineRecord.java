package io.uk4j.maven.machine;

import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/**
 * What is written down of a machine that runs beside a build, so that another process finds it. A number of a process may be given again, so it
 * counts only with the time at which that was started.
 *
 * <p>Thread rule: immutable.
 *
 * @param pid of QEMU
 * @param started when that was
 * @param mavenPid of whoever started it
 * @param mavenStarted when that one was
 * @param monitor where QEMU listens
 */
public record MachineRecord(long pid, String started, long mavenPid, String mavenStarted, Path monitor) {
    /** What stands for the start of a process whose end nobody has taken note of. */
    static final String ENDED = "ended";

    private static final Path PROC = Path.of("/proc");
    private static final Path BOOT = PROC.resolve("sys/kernel/random/boot_id");
    private static final int START = 19;
    private static final long POLL_MS = 20;
    private static final long KILL_MS = 5000;

    /**
     * When a process was started, as the system tells it. On Linux that is a count since the system's own start, which nobody sets, unlike the time of day.
     *
     * @return empty if the system does not tell, {@value #ENDED} if only the number is left
     */
    static String startOf(ProcessHandle process) {
        try {
            String stat =
                    Files.readString(PROC.resolve(String.valueOf(process.pid())).resolve("stat"));
            // After the name, which may contain anything: the state, 18 more, and the start (proc_pid_stat(5)).
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return fields[0].equals("Z") || fields[0].equals("X")
                    ? ENDED
                    : fields[START] + " of " + Files.readString(BOOT).strip();
        } catch (IOException e) {
            return process.info().startInstant().map(Object::toString).orElse("");
        }
    }

    /**
     * Writes it to a file that is not there yet; nobody sees half of it.
     *
     * @throws java.nio.file.FileAlreadyExistsException if it is
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("pid", String.valueOf(pid));
        properties.setProperty("started", started);
        properties.setProperty("maven.pid", String.valueOf(mavenPid));
        properties.setProperty("maven.started", mavenStarted);
        properties.setProperty("monitor", monitor.toString());
        StringWriter text = new StringWriter();
        properties.store(text, null);
        Path whole = Files.createTempFile(file.toAbsolutePath().getParent(), "machine", null);
        try {
            Files.writeString(whole, text.toString());
            Files.createLink(file, whole);
        } finally {
            Files.delete(whole);
        }
    }

    /**
     * Reads one.
     *
     * @param file that may be there
     * @return the record if it is there and the machine runs; one whose machine has ended is deleted, with what it left
     * @throws IOException if it cannot be read
     */
    public static Optional<MachineRecord> read(Path file) throws IOException {
        Optional<MachineRecord> found;
        try {
            found = parse(file);
        } catch (IllegalArgumentException e) {
            // It is none of ours.
            Files.deleteIfExists(file);
            return Optional.empty();
        }
        if (found.isPresent() && !found.get().isRunning()) {
            Files.deleteIfExists(file);
            Machine.forget(found.get().monitor);
            return Optional.empty();
        }
        return found;
    }

    private static Optional<MachineRecord> parse(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        return Optional.of(new MachineRecord(
                Long.parseLong(properties.getProperty("pid", "")),
                properties.getProperty("started", ""),
                Long.parseLong(properties.getProperty("maven.pid", "")),
                properties.getProperty("maven.started", ""),
                Path.of(properties.getProperty("monitor", ""))));
    }

    /**
     * Deletes the file if it is of this machine, and not of another that was started since.
     *
     * @throws IOException if it cannot be read or deleted
     */
    public void delete(Path file) throws IOException {
        try {
            if (parse(file).filter(this::equals).isPresent()) {
                Files.deleteIfExists(file);
            }
        } catch (IllegalArgumentException e) {
            return; // Of nobody's.
        }
    }

    /** Whether the machine runs. */
    public boolean isRunning() {
        return process(pid, started).isPresent();
    }

    /** Whether whoever started it runs. */
    public boolean hasMaven() {
        return process(mavenPid, mavenStarted).isPresent();
    }

    /** Whether it was started by this process. */
    public boolean isOurs() {
        return mavenPid == ProcessHandle.current().pid() && hasMaven();
    }

    /**
     * Ends it: by its power button, and if it does not end by that, as a power cut would.
     *
     * @param limitMs how long it may take to end in order
     * @return whether it did
     * @throws IOException if it cannot be ended
     */
    public boolean end(long limitMs) throws IOException, InterruptedException {
        boolean inOrder = false;
        try {
            Machine.pressPowerButton(monitor);
            inOrder = awaitEnd(limitMs);
        } catch (IOException e) {
            // Nobody listens to its buttons any more.
            inOrder = !isRunning();
        }
        if (!inOrder) {
            process(pid, started).ifPresent(ProcessHandle::destroyForcibly);
            if (!awaitEnd(KILL_MS)) {
                throw new IOException("Process " + pid + " of the machine cannot be ended.");
            }
        }
        return inOrder;
    }

    /** By looking: a process that is not a child tells nobody of its end. */
    private boolean awaitEnd(long limitMs) throws InterruptedException {
        long startNs = System.nanoTime();
        while (isRunning()) {
            if (System.nanoTime() - startNs > TimeUnit.MILLISECONDS.toNanos(limitMs)) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
        return true;
    }

    private static Optional<ProcessHandle> process(long pid, String started) {
        return ProcessHandle.of(pid).filter(process -> {
            String start = startOf(process);
            return process.isAlive() && !start.equals(ENDED) && start.equals(started);
        });
    }
}
