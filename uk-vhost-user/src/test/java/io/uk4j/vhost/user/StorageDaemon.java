package io.uk4j.vhost.user;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A qemu-storage-daemon that serves one file by vhost-user. */
final class StorageDaemon implements AutoCloseable {
    private final Path folder;
    private final String options;
    private Process process;

    /**
     * Starts it.
     *
     * @param folder where its image {@code disk.img}, its socket and its log are
     * @param options what follows {@code writable=} of the export, and more options of it
     */
    StorageDaemon(Path folder, String options) {
        this.folder = folder;
        this.options = options;
        process = start();
    }

    String socket() {
        return folder.resolve("blk.sock").toString();
    }

    Path image() {
        return folder.resolve("disk.img");
    }

    private Process start() {
        try {
            Files.deleteIfExists(Path.of(socket()));
            Process started = new ProcessBuilder(
                            "qemu-storage-daemon",
                            "--blockdev",
                            "driver=file,node-name=f0,filename=" + image(),
                            "--blockdev",
                            "driver=raw,node-name=d0,file=f0",
                            "--export",
                            "type=vhost-user-blk,id=e0,addr.type=unix,addr.path=" + socket() + ",node-name=d0,writable="
                                    + options)
                    .redirectErrorStream(true)
                    .redirectOutput(
                            Redirect.appendTo(folder.resolve("daemon.log").toFile()))
                    .start();
            // Whatever becomes of the test, the daemon does not outlive it.
            Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
            Awaiting.until("the storage daemon to listen", () -> isListening() || !started.isAlive());
            if (!started.isAlive()) {
                throw new IllegalStateException(Files.readString(folder.resolve("daemon.log")));
            }
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether somebody listens at the socket, which there is a moment before that; the flag is that of listening sockets. */
    private boolean isListening() {
        try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"))) {
            return sockets.anyMatch(line -> line.endsWith(" " + socket()) && line.contains(" 00010000 "));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it as a power cut ends a process: it finishes nothing. */
    void kill() {
        process.destroyForcibly();
        await();
    }

    void restart() {
        process = start();
    }

    private void await() {
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                throw new IllegalStateException("The storage daemon does not end.");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroy();
        await();
    }
}
