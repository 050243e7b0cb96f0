package io.uk4j.maven;

import io.uk4j.maven.image.ImageBuilder;
import io.uk4j.maven.image.Manifest;
import io.uk4j.maven.image.Progress;
import io.uk4j.maven.image.Sizes;
import io.uk4j.maven.machine.Accelerator;
import io.uk4j.maven.machine.Machine;
import io.uk4j.maven.machine.MachineOptions;
import io.uk4j.maven.machine.PortForward;
import io.uk4j.maven.machine.Qemu;
import io.uk4j.maven.machine.Volume;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the AOT cache of an image (JEP 483, JEP 515) in the image itself: the same paths, the same processor, and its drivers at work. A first boot
 * records which classes the application uses until it is asked to stop; a second one makes the cache. Each tells when it ends where in memory its file
 * is, and the machine's memory is a file of ours.
 *
 * @param builder of the image
 * @param manifest of the image without a cache
 * @param qemu that boots it
 * @param accelerator kvm or tcg
 * @param port of the appliance that is asked for something; 0 for none
 * @param requests paths that are asked for by HTTP
 * @param keys of the boot command line that the application needs, as one line
 * @param work where the cache is kept
 * @param limitMs how long each boot may take
 * @param progress is told of both boots
 */
record Training(
        ImageBuilder builder,
        Manifest manifest,
        Qemu qemu,
        Accelerator accelerator,
        int port,
        List<String> requests,
        @Nullable String keys,
        Path work,
        long limitMs,
        Progress progress) {

    private static final String RECORDED = "/tmp/application.aotconf";
    private static final String MADE = "/tmp/application.aot";
    private static final String CONFIGURATION = "/uk/application.aotconf";
    private static final String EXPORT_PORT = "0xe9";
    private static final Path SHARED = Path.of("/dev/shm");
    private static final int ANSWER_LIMIT_MS = 30_000;

    /** The tree in RAM is an eighth of memory, and what is made is some 50 MB at most. */
    private static final long MEMORY_BYTES = 1L << 30;

    /** The cache, made now or before of the same. */
    Path cache() throws IOException, InterruptedException {
        Path cache = work.resolve("aot-" + builder.cacheKey().substring(0, 16));
        if (Files.exists(cache)) {
            return cache;
        }
        Path folder = Files.createTempDirectory(work, "training");
        Path image = folder.resolve("training.img");
        progress.begins("AOT cache: the image runs under QEMU (" + accelerator.name() + ") and records what it uses");
        builder.writeTraining(image, List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + RECORDED), null);
        Path recorded = run(folder, image, "recorded", RECORDED, true);
        progress.begins("AOT cache: a second run makes the cache");
        builder.writeTraining(
                image,
                List.of("-XX:AOTMode=create", "-XX:AOTConfiguration=" + CONFIGURATION, "-XX:AOTCache=" + MADE),
                recorded);
        Path made = run(folder, image, "made", MADE, false);
        Files.move(made, cache, StandardCopyOption.ATOMIC_MOVE);
        for (String name : List.of("training.img", "recorded", "recorded.console", "made.console", "scratch.img")) {
            Files.deleteIfExists(folder.resolve(name));
        }
        Files.delete(folder);
        return cache;
    }

    private Path run(Path folder, Path image, String name, String exported, boolean use)
            throws IOException, InterruptedException {
        Path file = folder.resolve(name);
        Path pieces = folder.resolve(name + ".pieces");
        Path memory = Files.createTempFile(Files.isWritable(SHARED) ? SHARED : folder, "uk", ".ram");
        long memoryBytes = manifest.memory().neededBytes() + MEMORY_BYTES;
        Path console = folder.resolve(name + ".console");
        int host = freePort();
        List<PortForward> forwards = port == 0 ? List.of() : List.of(new PortForward(host, port, false));
        boolean disk = manifest.parts().stream().anyMatch(part -> part.name().startsWith("io.uk4j:uk-blk:"));
        List<String> words = new ArrayList<>(new BootWords(manifest, keys, "user", disk, null).list());
        words.add("boot.export=" + exported);
        words.add("boot.export_port=" + EXPORT_PORT);
        MachineOptions options = new MachineOptions(
                image,
                null,
                "q35",
                accelerator.name(),
                1,
                memoryBytes,
                "user",
                forwards,
                disk ? List.of(Volume.open("scratch.img:64M", folder)) : List.of(),
                null,
                0,
                words,
                false,
                List.of(
                        "-chardev",
                        "file,id=export,path=" + pieces,
                        "-device",
                        "isa-debugcon,chardev=export,iobase=" + EXPORT_PORT,
                        "-object",
                        "memory-backend-file,id=ram,share=on,size=" + Sizes.mebibytes(memoryBytes) + ",mem-path="
                                + memory,
                        "-machine",
                        "memory-backend=ram"));
        try (OutputStream to = Files.newOutputStream(console);
                Machine machine = Machine.start(qemu, options, to)) {
            if (use && port != 0) {
                if (machine.awaitListening(host, limitMs / 2)) {
                    for (String path : requests) {
                        ask(host, path);
                    }
                } else if (machine.isRunning()) {
                    progress.begins("AOT cache: nobody takes connections on port " + port
                            + " (uk.image.trainingPort), so only the start is recorded");
                }
                if (machine.isRunning()) {
                    machine.pressPowerButton();
                }
            }
            if (!machine.awaitEnd(limitMs)) {
                throw failed("did not end within " + limitMs / 1000 + " s", console);
            }
            if (machine.code() != 0) {
                throw failed("ended with code " + machine.code(), console);
            }
            if (!collect(pieces, memory, file)) {
                throw failed("did not hand over " + exported, console);
            }
            return file;
        } finally {
            Files.deleteIfExists(memory);
            Files.deleteIfExists(pieces);
        }
    }

    /** What is answered does not matter: the classes that answer do. */
    private static void ask(int host, String path) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), host)) {
            socket.setSoTimeout(ANSWER_LIMIT_MS);
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream answer = socket.getInputStream();
            byte[] buffer = new byte[1 << 16];
            while (answer.read(buffer) >= 0) {
                // To its end.
            }
        } catch (IOException e) {
            // A server of another kind: it had a connection at least.
            return;
        }
    }

    /** Puts the pieces together. The guest says where they are, so they are checked. */
    private static boolean collect(Path pieces, Path memory, Path file) throws IOException {
        ByteBuffer list = ByteBuffer.wrap(Files.readAllBytes(pieces)).order(ByteOrder.LITTLE_ENDIAN);
        if (list.remaining() < Long.BYTES) {
            return false;
        }
        long left = list.getLong();
        try (FileChannel from = FileChannel.open(memory, StandardOpenOption.READ);
                FileChannel to = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            while (list.remaining() >= 2 * Long.BYTES) {
                long at = list.getLong();
                long bytes = list.getLong();
                if (at < 0 || bytes <= 0 || bytes > left || at > from.size() - bytes) {
                    return false;
                }
                left -= bytes;
                for (long end = at + bytes; at < end; ) {
                    at += from.transferTo(at, end - at, to);
                }
            }
        }
        return left == 0;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static Problem failed(String how, Path console) throws IOException {
        return new Problem(
                ProblemCode.UK206,
                "The image in which the AOT cache is made " + how + '.',
                ConsoleFile.end(console),
                "-Duk.image.aot=false, which makes an image without one");
    }

    /** For a line of progress. */
    static String describe(Path cache) throws IOException {
        return "AOT cache: " + Sizes.text(Files.size(cache));
    }
}
