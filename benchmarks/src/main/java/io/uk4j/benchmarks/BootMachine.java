package io.uk4j.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A machine of QEMU that is emulated in software: a serial line, a virtio network device and no more. */
final class BootMachine implements AutoCloseable {
    /**
     * Without the words that say that string instructions are fast: QEMU counts each round of one as an instruction, and Linux would clear and
     * copy by single bytes.
     */
    private static final String PROCESSOR = "max,-erms,-fsrm";

    /** Long enough for a request on a machine that others use as well. */
    private static final int REQUEST_LIMIT_MS = 60_000;

    /**
     * What is booted.
     *
     * @param name whose it is
     * @param kernel an ELF file with a PVH entry
     * @param module a second file, or null
     * @param words the command line
     */
    record Guest(String name, Path kernel, @Nullable Path module, String words) {}

    /**
     * A kind of machine.
     *
     * @param name QEMU's name
     * @param device its virtio network device
     */
    record Model(String name, String device) {
        static final Model MICROVM = new Model("microvm", "virtio-net-device");
        static final Model Q35 = new Model("q35", "virtio-net-pci");
    }

    /** Instructions so far, by where they were. */
    record Counts(long entry, long kernel, long programs) {
        long all() {
            return entry + kernel + programs;
        }
    }

    private final Process qemu;
    private final BufferedReader lines;
    private final StringBuilder console = new StringBuilder();
    private final int port;
    private final @Nullable Path counts;
    private final long startNs;
    private final Timer limit = new Timer(true);
    private @Nullable MappedByteBuffer mapped;

    /**
     * Starts it.
     *
     * @param model what kind of machine
     * @param guest what it boots
     * @param memoryMib how much memory it has
     * @param processors how many; several are threads of QEMU's unless instructions are counted
     * @param counter the plugin that counts instructions and where it puts the counts; null to let the machine run as fast as it can
     * @param limit after this it is ended, wherever it is
     */
    BootMachine(Model model, Guest guest, int memoryMib, int processors, @Nullable Counter counter, Duration limit) {
        port = freePort();
        List<String> line = new ArrayList<>(List.of(
                "qemu-system-x86_64",
                "-M",
                model.name,
                "-accel",
                "tcg",
                "-cpu",
                PROCESSOR,
                "-smp",
                Integer.toString(processors),
                "-m",
                memoryMib + "M",
                "-nodefaults",
                "-display",
                "none",
                "-no-reboot",
                "-serial",
                "stdio",
                "-monitor",
                "none",
                "-kernel",
                guest.kernel.toString(),
                "-append",
                guest.words,
                "-netdev",
                "user,id=n,hostfwd=tcp:127.0.0.1:" + port + "-:80",
                "-global",
                "virtio-mmio.force-legacy=false",
                "-device",
                model.device + ",netdev=n"));
        if (guest.module != null) {
            line.addAll(List.of("-initrd", guest.module.toString()));
        }
        counts = counter == null ? null : counter.counts;
        if (counter != null) {
            line.addAll(List.of("-icount", "shift=0", "-plugin", counter.plugin + ",counts=" + counter.counts));
        }
        try {
            startNs = System.nanoTime();
            qemu = new ProcessBuilder(line)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new BenchmarkException(
                    "qemu-system-x86_64 could not be started.\nTry: apt-get install qemu-system-x86", e);
        }
        lines = qemu.inputReader(StandardCharsets.ISO_8859_1);
        this.limit.schedule(
                new TimerTask() {
                    @Override
                    public void run() {
                        qemu.destroyForcibly();
                    }
                },
                limit.toMillis());
    }

    /**
     * The counting plugin.
     *
     * @param plugin compiled
     * @param counts where it puts what it counts
     */
    record Counter(Path plugin, Path counts) {}

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for a line that begins with a text; returns false if the machine ended before that. */
    boolean awaitLine(String text) {
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                console.append(line).append('\n');
                if (line.startsWith(text)) {
                    return true;
                }
            }
            return false;
        } catch (IOException _) {
            return false;
        }
    }

    /** What the guest has written so far. */
    String console() {
        return console.toString();
    }

    /** Nanoseconds since it was started. */
    long elapsedNs() {
        return System.nanoTime() - startNs;
    }

    /** What QEMU has taken of the host's processors so far. */
    Duration processorTime() {
        return qemu.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** What was executed so far. */
    Counts counts() {
        MappedByteBuffer buffer = mapped;
        if (buffer == null) {
            if (counts == null) {
                throw new IllegalStateException("This machine does not count.");
            }
            try (FileChannel file = FileChannel.open(counts)) {
                buffer = file.map(FileChannel.MapMode.READ_ONLY, 0, 3 * Long.BYTES);
            } catch (IOException e) {
                throw new BenchmarkException("QEMU could not load the plugin that counts instructions.", e);
            }
            buffer.order(ByteOrder.nativeOrder());
            mapped = buffer;
        }
        return new Counts(buffer.getLong(0), buffer.getLong(Long.BYTES), buffer.getLong(2 * Long.BYTES));
    }

    /** A client on the host, on one connection. */
    final class Client implements AutoCloseable {
        private final Socket socket = new Socket();
        private final InputStream input;

        Client() throws IOException {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(REQUEST_LIMIT_MS);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), REQUEST_LIMIT_MS);
            input = socket.getInputStream();
        }

        /** Asks for a path and returns when the first byte of the answer is here. */
        void ask(String path) throws IOException {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: guest\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            if (input.read() != 'H') {
                throw new IOException("The guest did not answer.");
            }
        }

        /** Takes the rest of the answer, which has to contain a text. */
        void take(String text) throws IOException {
            String head = untilEmptyLine();
            String length = head.replaceAll("(?is).*content-length: *([0-9]+).*", "$1");
            String page = new String(input.readNBytes(Integer.parseInt(length)), StandardCharsets.UTF_8);
            if (!head.contains(" 200 ") || !page.contains(text)) {
                throw new IOException("The guest answered something else: " + head + page);
            }
        }

        private String untilEmptyLine() throws IOException {
            StringBuilder text = new StringBuilder();
            while (text.indexOf("\r\n\r\n") < 0) {
                int read = input.read();
                if (read < 0) {
                    throw new IOException("The answer broke off: " + text);
                }
                text.append((char) read);
            }
            return text.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Override
    public void close() {
        limit.cancel();
        qemu.destroyForcibly();
        try {
            qemu.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
