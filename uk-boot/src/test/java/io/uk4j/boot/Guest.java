package io.uk4j.boot;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A machine of QEMU with the boot layer in it, run to its end. Software emulation alone: it does the same everywhere. */
final class Guest {
    private static final long LIMIT_SECONDS = 120;
    private static final Path KERNEL = Path.of("target", "boot", "uk-boot.elf");
    static final Path PROGRAM = Path.of("target", "guest", "conformance");

    /** What the machine ended with: the boot layer's code, or -1 if it was powered off without one. */
    record End(int code, String console) {}

    private final Path folder;
    private String machine = "q35";
    private String processor = "max";
    private int processors = 1;
    private int memoryMib = 256;
    private final List<String> more = new ArrayList<>();
    private Path kernel = KERNEL;
    private String words = "boot.exit_port=0xf4";

    Guest(Path folder) {
        this.folder = folder;
    }

    Guest machine(String newMachine) {
        machine = newMachine;
        return this;
    }

    Guest processor(String model) {
        processor = model;
        return this;
    }

    Guest processors(int count) {
        processors = count;
        return this;
    }

    Guest memoryMib(int count) {
        memoryMib = count;
        return this;
    }

    Guest kernel(Path file) {
        kernel = file;
        return this;
    }

    Guest word(String word) {
        words += ' ' + word;
        return this;
    }

    Guest with(String... options) {
        more.addAll(List.of(options));
        return this;
    }

    /** A tree with the conformance program and what it is to do. */
    Path tree(String... tests) throws IOException {
        return write(files(tests));
    }

    /** What is in such a tree, to be added to. */
    static TreeWriter files(String... tests) {
        return new TreeWriter()
                .directory("/", 0755, 0)
                .directory("/tmp", 0777, 0)
                .directory("/uk", 0755, 0)
                .file("/conformance", 0755, 0, PROGRAM)
                .file("/uk/arguments", 0644, 0, arguments(tests));
    }

    /** The content of the file with the program and its arguments. */
    static byte[] arguments(String... tests) {
        return ("/conformance\n" + String.join("\n", tests) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    Path write(TreeWriter files) throws IOException {
        Path tree = folder.resolve("tree.img");
        try (FileChannel to = FileChannel.open(
                tree, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            files.writeTo(to);
        }
        return tree;
    }

    End run(String... tests) throws IOException, InterruptedException {
        return boot(tree(tests));
    }

    /** Starts the machine, with a tree or (null) without one. */
    End boot(@Nullable Path tree) throws IOException, InterruptedException {
        return finish(start(tree));
    }

    Process start(@Nullable Path tree) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "qemu-system-x86_64",
                "-M",
                machine,
                "-accel",
                "tcg,thread=multi",
                "-cpu",
                processor,
                "-smp",
                String.valueOf(processors),
                "-m",
                memoryMib + "M",
                "-nodefaults",
                "-display",
                "none",
                "-no-reboot",
                "-serial",
                "file:" + folder.resolve("console"),
                "-kernel",
                kernel.toString(),
                "-append",
                words,
                "-device",
                "isa-debug-exit,iobase=0xf4,iosize=0x04"));
        if (tree != null) {
            command.addAll(List.of("-initrd", tree.toString()));
        }
        command.addAll(more);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("qemu").toFile())
                .start();
    }

    String console() throws IOException {
        Path console = folder.resolve("console");
        return Files.exists(console) ? Files.readString(console, StandardCharsets.ISO_8859_1) : "";
    }

    End finish(Process qemu) throws IOException, InterruptedException {
        if (!qemu.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            qemu.destroyForcibly().waitFor();
            throw new AssertionError("The machine did not end. Its console:\n" + console());
        }
        int status = qemu.exitValue();
        List<String> said = Files.readAllLines(folder.resolve("qemu")).stream()
                .filter(line -> !line.contains("warning: TCG doesn't support requested feature"))
                .toList();
        if (!said.isEmpty()) {
            throw new AssertionError("QEMU said: " + said);
        }
        return new End(status == 0 ? 0 : status >> 1, console().replace("\r", ""));
    }
}
