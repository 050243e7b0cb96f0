package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** An image in a machine of QEMU, which only emulates: it needs nothing of the host's. */
final class SealedMachine implements AutoCloseable {
    private static final long LIMIT_SECONDS = 120;

    private final Process qemu;
    private final Path console;
    private final Path monitor;

    private SealedMachine(Process qemu, Path console, Path monitor) {
        this.qemu = qemu;
        this.console = console;
        this.monitor = monitor;
    }

    /**
     * Starts a machine.
     *
     * @param folder where its console and its monitor go
     * @param kernel the boot layer, or an image of one file
     * @param tree the file tree, if it is another file
     * @param machine QEMU's name of it
     * @param words of the boot command line
     * @param options further ones of QEMU
     */
    static SealedMachine start(
            Path folder, Path kernel, @Nullable Path tree, String machine, List<String> words, List<String> options)
            throws IOException {
        return start(line -> line, folder, kernel, tree, machine, words, options);
    }

    /** The same, with another command line around QEMU's, such as one that runs it in a network namespace. */
    static SealedMachine start(
            UnaryOperator<List<String>> around,
            Path folder,
            Path kernel,
            @Nullable Path tree,
            String machine,
            List<String> words,
            List<String> options)
            throws IOException {
        Path console = Files.createTempFile(folder, "console", ".txt");
        Path monitor = folder.resolve("monitor");
        Files.deleteIfExists(monitor);
        List<String> line = new ArrayList<>(List.of(
                "qemu-system-x86_64",
                "-M",
                machine,
                "-accel",
                "tcg,thread=multi",
                "-cpu",
                "max",
                "-smp",
                "2",
                "-m",
                "384M",
                "-nodefaults",
                "-display",
                "none",
                "-no-reboot",
                "-serial",
                "file:" + console,
                "-monitor",
                "unix:" + monitor + ",server=on,wait=off",
                "-kernel",
                kernel.toString(),
                "-append",
                "boot.exit_port=0xf4 " + String.join(" ", words),
                "-device",
                "isa-debug-exit,iobase=0xf4,iosize=0x04"));
        if (tree != null) {
            line.addAll(List.of("-initrd", tree.toString()));
        }
        line.addAll(options);
        Process qemu = new ProcessBuilder(around.apply(line)).inheritIO().start();
        return new SealedMachine(qemu, console, monitor);
    }

    /** What the guest has written so far. */
    String console() {
        try {
            return Files.readString(console, StandardCharsets.ISO_8859_1).replace("\r", "");
        } catch (IOException e) {
            return fail(e);
        }
    }

    /** Waits until the guest has written something. */
    void await(String text) throws InterruptedException {
        await(text, () -> console().contains(text));
    }

    /** Waits until all that the guest has written matches. */
    void awaitMatch(String pattern) throws InterruptedException {
        await(pattern, () -> console().matches(pattern));
    }

    private void await(String what, BooleanSupplier said) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!said.getAsBoolean()) {
            if (qemu.waitFor(100, TimeUnit.MILLISECONDS) || System.nanoTime() - end > 0) {
                fail("The guest did not say: " + what + "\n" + console());
            }
        }
    }

    /** Gives QEMU's monitor commands, and keeps it open until they have had their effect. */
    void monitor(String commands, BooleanSupplier done) throws Exception {
        while (!Files.exists(monitor)) {
            Thread.sleep(20);
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(monitor));
            channel.write(ByteBuffer.wrap(commands.getBytes(StandardCharsets.US_ASCII)));
            await("(to the monitor) " + commands, done);
        }
    }

    /** Presses the power button. */
    void pressPowerButton() throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(monitor));
            channel.write(ByteBuffer.wrap("system_powerdown\n".getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer answer = ByteBuffer.allocate(4096);
            while (channel.read(answer.clear()) > 0) {
                // Until the machine is off.
            }
        }
    }

    /** Ends the machine as a power cut would, but for the host's own cache. */
    void kill() throws InterruptedException {
        qemu.destroyForcibly().waitFor();
    }

    /** Waits for the end, and returns the code that the guest ended with. */
    int awaitEnd() throws InterruptedException {
        if (!qemu.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            fail("The machine did not end.\n" + console());
        }
        return qemu.exitValue() >> 1;
    }

    @Override
    public void close() {
        qemu.destroyForcibly();
    }
}
