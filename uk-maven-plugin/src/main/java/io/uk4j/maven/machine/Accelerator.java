package io.uk4j.maven.machine;

import io.uk4j.boot.BootImage;
import io.uk4j.maven.image.Digest;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Whether machines run on KVM or are emulated.
 *
 * @param name kvm or tcg
 * @param reason why, for the user
 */
public record Accelerator(String name, String reason) {
    private static final Path DEVICE = Path.of("/dev/kvm");
    private static final long LIMIT_MS = 2000;
    private static final long PROBE_BYTES = 64L << 20;

    /**
     * Decides.
     *
     * @param wanted kvm, tcg, or auto, which boots the smallest image under KVM and takes emulation unless that says hello within two seconds
     * @param qemu the program
     * @param work where the verdict is kept
     * @throws Problem if the word is none of these, or kvm was asked for and does not work
     */
    public static Accelerator choose(String wanted, Qemu qemu, Path work) throws IOException, InterruptedException {
        if (wanted.equals("tcg")) {
            return new Accelerator("tcg", "as asked for");
        }
        if (!wanted.equals("kvm") && !wanted.equals("auto")) {
            throw new Problem(
                    ProblemCode.UK103,
                    "uk.accel=" + wanted + " is none.",
                    "Allowed: kvm, tcg, auto.",
                    "-Duk.accel=auto");
        }
        String failure = probe(qemu, work);
        if (failure.isEmpty()) {
            return new Accelerator("kvm", "it boots");
        }
        if (wanted.equals("auto")) {
            return new Accelerator("tcg", failure);
        }
        throw new Problem(
                ProblemCode.UK203,
                "uk.accel=kvm: " + failure + '.',
                "Allowed: kvm where it works, tcg, auto.",
                "-Duk.accel=tcg");
    }

    /** Why KVM does not work, or nothing. The verdict holds for this QEMU, boot layer and boot of the host. */
    private static String probe(Qemu qemu, Path work) throws IOException, InterruptedException {
        if (!Files.exists(DEVICE)) {
            return "there is no " + DEVICE;
        }
        if (!Files.isWritable(DEVICE)) {
            return DEVICE + " may not be used by this user (try: sudo usermod -aG kvm $USER, and log in again)";
        }
        Path bootId = Path.of("/proc/sys/kernel/random/boot_id");
        String key = Digest.of(
                qemu + (Files.exists(bootId) ? Files.readString(bootId) : "") + Digest.of(BootImage.bootLayer()));
        Path verdict = work.resolve("kvm-" + key.substring(0, 16));
        if (!Files.exists(verdict)) {
            Files.createDirectories(work);
            Files.writeString(verdict, boot(qemu, work));
        }
        return Files.readString(verdict);
    }

    private static String boot(Qemu qemu, Path work) throws IOException, InterruptedException {
        Path image = work.resolve("hello.img");
        BootImage.writeHello(image);
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        MachineOptions options = new MachineOptions(
                image,
                null,
                "q35",
                "kvm",
                1,
                PROBE_BYTES,
                "none",
                List.of(),
                List.of(),
                null,
                0,
                List.of(),
                false,
                List.of());
        try (Machine machine = Machine.start(qemu, options, console)) {
            boolean ended = machine.awaitEnd(LIMIT_MS);
            String said = console.toString(StandardCharsets.ISO_8859_1);
            if (said.contains("hello") && ended && machine.code() == 0) {
                return "";
            }
            String last = said.lines()
                    .filter(line -> !line.isBlank())
                    .reduce((first, second) -> second)
                    .orElse("nothing");
            return DEVICE + " does not boot the smallest image within " + LIMIT_MS / 1000 + " s; its last line: "
                    + last.strip();
        }
    }
}
