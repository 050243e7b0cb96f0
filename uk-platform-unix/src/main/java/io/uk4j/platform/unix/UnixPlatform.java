package io.uk4j.platform.unix;

import io.uk4j.core.Clock;
import io.uk4j.core.Console;
import io.uk4j.core.EntropySource;
import io.uk4j.core.PageSource;
import io.uk4j.core.Platform;
import io.uk4j.core.PlatformException;
import io.uk4j.core.Waiter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.util.List;

/**
 * The hosted platform: an ordinary JVM process, with the host's clock, entropy, terminal and memory. It enumerates no
 * devices; they are opened by scheme ({@code tap:NAME}, {@code file:PATH}).
 *
 * <p>It has two modes:
 *
 * <table>
 * <caption>Modes</caption>
 * <tr><th></th><th>Linux</th><th>portable</th></tr>
 * <tr><td>waiter</td><td>epoll and an event descriptor; deadlines in nanoseconds</td><td>parks its thread; takes {@link
 *     io.uk4j.core.SignalSource} only</td></tr>
 * <tr><td>entropy</td><td>getrandom(2)</td><td>{@link java.security.SecureRandom}</td></tr>
 * <tr><td>memory</td><td>memfd_create(2), shareable</td><td>{@link java.lang.foreign.Arena}</td></tr>
 * <tr><td>network device</td><td>{@code tap:NAME}</td><td>none of its own</td></tr>
 * <tr><td>needs</td><td>{@code --enable-native-access}</td><td>no flag</td></tr>
 * </table>
 *
 * <p>Clock: {@link System#nanoTime} and {@link java.time.Instant#now()}. Memory has {@code deviceAddress} equal to its
 * own address; in the Linux mode its handle is a {@link SharedMemory}, the same one for all pages of the platform.
 *
 * <p>Console: standard output. The first SIGINT or SIGTERM after {@link Console#onStopRequest} calls the action and does
 * nothing else, so the process ends as the program likes, with an exit status of its own. A SIGINT after that ends the
 * process at once with status 130; a further SIGTERM changes nothing. Where signals cannot be handled ({@code -Xrs}) a
 * shutdown hook calls the action, and holds the process for up to ten seconds until the platform is closed.
 *
 * <p>Thread rule: shared. Any number of instances may exist; signals go to the one that asked last.
 */
public final class UnixPlatform implements Platform {
    /** The name by which {@code uk.platform} selects it. */
    static final String NAME = "unix";

    private final Clock clock = new HostClock();
    private final boolean portable;
    private final EntropySource entropy;
    private final HostConsole console;
    private final TrackedPages pages;

    private UnixPlatform(boolean portable, long memoryBytes, OutputStream consoleOutput) {
        this.portable = portable;
        entropy = portable ? new SecureRandomEntropy() : new KernelEntropy();
        pages = portable ? new ArenaPages() : new SharedPages(memoryBytes);
        console = new HostConsole(consoleOutput);
    }

    /**
     * Makes the platform in the mode that fits the system.
     *
     * @throws PlatformException if native access is denied to this module on Linux
     */
    public static UnixPlatform create() {
        return builder().build();
    }

    /** Starts to build a platform of the mode that fits the system, with its console on standard output. */
    public static Builder builder() {
        return new Builder();
    }

    /** Whether this is portable mode. */
    public boolean isPortable() {
        return portable;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public EntropySource entropy() {
        return entropy;
    }

    @Override
    public Console console() {
        return console;
    }

    @Override
    public PageSource pages() {
        return pages;
    }

    @Override
    public Waiter newWaiter() {
        return portable ? new ParkWaiter(clock) : new EpollWaiter(clock);
    }

    @Override
    public <D> List<D> devices(Class<D> type) {
        return List.of();
    }

    /** Gives up the signals and all memory of {@link #pages}. Closing twice has no further effect. */
    @Override
    public void close() {
        console.close();
        pages.close();
    }

    /** Options of a platform that a program makes by itself. */
    public static final class Builder {
        private boolean portable = !isLinux();
        private long memoryBytes = UnixKeys.MEMORY.parse(String.valueOf(UnixKeys.MEMORY.defaultText()));
        private OutputStream consoleOutput = new FileOutputStream(FileDescriptor.out);

        private Builder() {}

        /**
         * Chooses the mode.
         *
         * @param newPortable true for portable mode, false for the Linux mode
         * @return this
         */
        public Builder portable(boolean newPortable) {
            portable = newPortable;
            return this;
        }

        /**
         * How much memory all pages may take together, in the Linux mode. Only what is written to costs the host's memory.
         *
         * @param bytes 1 MiB or more; rounded down to whole MiB
         * @return this
         * @throws IllegalArgumentException if it is less
         */
        public Builder memory(long bytes) {
            if (bytes < 1 << 20) {
                throw new IllegalArgumentException(bytes + " bytes of memory are less than 1 MiB.");
            }
            memoryBytes = bytes & -(1L << 20);
            return this;
        }

        /**
         * Sends the console elsewhere than to standard output.
         *
         * @param output gets UTF-8; never closed by the platform; what it throws is ignored
         * @return this
         */
        public Builder console(OutputStream output) {
            consoleOutput = output;
            return this;
        }

        /**
         * Makes the platform.
         *
         * @throws PlatformException if the Linux mode is wanted on another system or processor, native access is denied, or
         *     the host gives no shared memory
         */
        public UnixPlatform build() {
            if (!portable && !isLinux()) {
                throw new PlatformException(
                        "The unix platform's Linux mode cannot run on " + System.getProperty("os.name") + " ("
                                + System.getProperty("os.arch") + ").",
                        "It runs on Linux (x86-64, AArch64, RISC-V 64); portable mode runs everywhere.",
                        "uk.unix.portable=auto");
            }
            try {
                return new UnixPlatform(portable, memoryBytes, consoleOutput);
            } catch (ExceptionInInitializerError | IllegalCallerException e) {
                throw new PlatformException(
                        "The unix platform may not make native calls: "
                                + (e.getCause() == null ? e : e.getCause()).getMessage(),
                        "Its Linux mode needs native access, its portable mode does not.",
                        "java --enable-native-access=ALL-UNNAMED ..., or uk.unix.portable=true",
                        e);
            }
        }

        private static boolean isLinux() {
            return SystemType.isSupported(System.getProperty("os.name"), System.getProperty("os.arch"));
        }
    }
}
