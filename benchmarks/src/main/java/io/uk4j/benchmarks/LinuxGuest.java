package io.uk4j.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes the Linux guests of the boot benchmark: Debian's kernel for virtual machines, taken out of its compressed form so that it enters by PVH
 * as our image does, and an archive of files in memory (not compressed: that starts soonest).
 */
final class LinuxGuest {
    private static final String META_PACKAGE = "linux-image-cloud-amd64";
    private static final String WORDS = "console=ttyS0 quiet panic=-1";

    private static final String CACHE = "/app/application.aot";
    private static final String ARCHIVE = "jre/lib/server/classes.jsa";

    /** Without the kernel's tests of its own ciphers at each start, which take several hundred million instructions. */
    private static final String NO_SELF_TESTS = " cryptomgr.notests";

    /** In the header of a compressed kernel, as of the boot protocol 2.08: how many sectors precede the code, and where in it is what. */
    private static final int SETUP_SECTORS = 0x1f1;

    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int PAYLOAD_LENGTH = 0x24c;
    private static final int SECTOR_BYTES = 512;

    private final Path folder;
    private final Path modules;
    private final Path kernel;

    /**
     * Gets the kernel.
     *
     * @param folder where all is put
     */
    LinuxGuest(Path folder) {
        this.folder = folder;
        try {
            Path unpacked = unpack(packageName());
            try (Stream<Path> images = Files.list(unpacked.resolve("boot"))) {
                Path image = images.filter(file -> file.getFileName().toString().startsWith("vmlinuz"))
                        .findFirst()
                        .orElseThrow(() -> new BenchmarkException("There is no kernel in " + unpacked));
                kernel = decompress(image);
                String version = image.getFileName().toString().substring("vmlinuz-".length());
                modules = unpacked.resolve("lib/modules").resolve(version);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The Linux kernel could not be unpacked.", e);
        }
    }

    /** The kernel's file name in its package, which has the version. */
    String version() {
        return modules.getFileName().toString();
    }

    private static String packageName() {
        return Command.run("apt-cache", "depends", "--important", META_PACKAGE)
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("Depends: linux-image-"))
                .map(line -> line.substring("Depends: ".length()))
                .findFirst()
                .orElseThrow(() -> new BenchmarkException(
                        "apt does not know " + META_PACKAGE + ": it takes Debian.\nTry: apt-get update"));
    }

    private Path unpack(String name) throws IOException {
        Path unpacked = folder.resolve(name);
        if (Files.exists(unpacked)) {
            return unpacked;
        }
        Files.createDirectories(folder);
        System.out.println("downloading " + name);
        Path part = folder.resolve("part");
        deleteAll(part);
        try {
            Command.run("sh", "-c", "cd '" + folder + "' && apt-get -q download " + name);
        } catch (BenchmarkException e) {
            throw new BenchmarkException(
                    "The package " + name + " could not be downloaded.\nTry: apt-get update\n" + e.getMessage(), e);
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".deb")).toList()) {
                Command.run("dpkg", "-x", file.toString(), part.toString());
                Files.delete(file);
            }
        }
        return Files.move(part, unpacked);
    }

    /** The ELF file that is in a compressed kernel. */
    private Path decompress(Path image) throws IOException {
        Path elf = folder.resolve("vmlinux");
        byte[] bytes = Files.readAllBytes(image);
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int start = (Byte.toUnsignedInt(bytes[SETUP_SECTORS]) + 1) * SECTOR_BYTES + header.getInt(PAYLOAD_OFFSET);
        Path payload = folder.resolve("payload");
        // Its last four bytes are the length of what comes out.
        Files.write(payload, Arrays.copyOfRange(bytes, start, start + header.getInt(PAYLOAD_LENGTH) - 4));
        Command.run("lz4", "-dfq", payload.toString(), elf.toString());
        Files.delete(payload);
        return elf;
    }

    /**
     * hello-http on sockets.
     *
     * @param image the sealed image, whose files it takes
     * @param tuned with an AOT cache, recorded by a run of the same files, and a kernel that does not test its ciphers; if not, as it
     *     comes, with the runtime's own archive of classes
     */
    BootMachine.Guest helloHttp(BootMachine.Model model, Path image, Path init, boolean tuned) {
        Path root = folder.resolve("root-" + model.name());
        try {
            prepare(root, init);
            addModules(root, model);
            List<String> jars = GuestFiles.copy(image, root);
            // The one program that is not part of the example.
            Path ours = GuestFiles.jar(
                    folder,
                    "on-sockets",
                    List.of(
                            "io/uk4j/example/hellohttp/OnSockets",
                            "io/uk4j/example/hellohttp/OnSockets$SocketTransport"));
            jars.add("/app/" + ours.getFileName());
            Files.copy(ours, root.resolve("app").resolve(ours.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
            List<String> command = GuestFiles.flags(image);
            command.addAll(List.of("-cp", String.join(":", jars), "io.uk4j.example.hellohttp.OnSockets"));
            dumpArchive(root);
            if (tuned) {
                record(root, command);
                command.add(1, "-XX:AOTCache=" + CACHE);
                Files.delete(root.resolve(ARCHIVE));
            }
            Files.writeString(root.resolve("init.arguments"), String.join("\n", command) + "\n");
            BootMachine.Guest guest = guest(root, (tuned ? "tuned-" : "plain-") + model.name());
            return tuned ? guest : new BootMachine.Guest("linux, as it comes", guest.kernel(), guest.module(), WORDS);
        } catch (IOException e) {
            throw new UncheckedIOException("The Linux guest could not be made.", e);
        }
    }

    /** What the image leaves out where it has an AOT cache. */
    private static void dumpArchive(Path root) {
        Command.run(
                root.resolve("jre/bin/java").toString(),
                "-Xshare:dump",
                "-XX:+UseSerialGC",
                "-XX:SharedClassListFile=" + Path.of(System.getProperty("java.home"), "lib/classlist"),
                "-XX:SharedArchiveFile=" + root.resolve(ARCHIVE));
    }

    /** Runs it below the guest's root, with a network of its own, until it has asked itself for the page. */
    private static void record(Path root, List<String> command) {
        List<String> line = new ArrayList<>(List.of(
                "unshare",
                "--mount",
                "--net",
                "sh",
                "-c",
                "mount -t proc proc \"$0/proc\" && ip link set lo up && exec chroot \"$0\" \"$@\"",
                root.toString(),
                command.getFirst(),
                "-XX:AOTCacheOutput=" + CACHE));
        line.addAll(command.subList(1, command.size()));
        line.add("train");
        Command.run(line);
    }

    /** One static program and nothing else. */
    BootMachine.Guest program(Path program) {
        Path root = folder.resolve("root-program");
        try {
            prepare(root, program);
            return guest(root, "program");
        } catch (IOException e) {
            throw new UncheckedIOException("The Linux guest could not be made.", e);
        }
    }

    private static void prepare(Path root, Path init) throws IOException {
        deleteAll(root);
        for (String name : List.of("dev", "proc", "sys", "tmp", "modules")) {
            Files.createDirectories(root.resolve(name));
        }
        Files.copy(init, root.resolve("init"), StandardCopyOption.COPY_ATTRIBUTES);
        // The kernel opens it for the first process, before anything is mounted.
        Command.run("mknod", root.resolve("dev/console").toString(), "c", "5", "1");
    }

    private void addModules(Path root, BootMachine.Model model) throws IOException {
        List<String> names = model.device().endsWith("-pci")
                ? List.of(
                        "virtio/virtio_ring",
                        "virtio/virtio",
                        "virtio/virtio_pci_legacy_dev",
                        "virtio/virtio_pci_modern_dev",
                        "virtio/virtio_pci")
                : List.of("virtio/virtio_ring", "virtio/virtio", "virtio/virtio_mmio");
        List<Path> files = new ArrayList<>();
        names.forEach(name -> files.add(Path.of("drivers", name + ".ko")));
        files.addAll(List.of(
                Path.of("net/core/failover.ko"),
                Path.of("drivers/net/net_failover.ko"),
                Path.of("drivers/net/virtio_net.ko")));
        for (int i = 0; i < files.size(); i++) {
            Path file = files.get(i);
            Files.copy(
                    modules.resolve("kernel").resolve(file),
                    root.resolve("modules").resolve((10 + i) + "-" + file.getFileName()));
        }
    }

    private BootMachine.Guest guest(Path root, String name) throws IOException {
        Path archive = folder.resolve(name + ".cpio");
        Command.run(
                "sh",
                "-c",
                "cd '" + root + "' && find . | cpio -o -H newc --quiet >'" + archive.toAbsolutePath() + "'");
        deleteAll(root);
        return new BootMachine.Guest("linux", kernel, archive, WORDS + NO_SELF_TESTS);
    }

    private static void deleteAll(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
