package io.uk4j.maven.machine;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A QEMU of this machine.
 *
 * <p>Thread rule: immutable.
 *
 * @param program the file
 * @param version as it says, such as 7.2.22
 */
public record Qemu(Path program, String version) {
    private static final String NAME = "qemu-system-x86_64";
    private static final int NEEDED = 7;
    private static final Pattern VERSION = Pattern.compile("QEMU emulator version (([0-9]+)\\.[0-9.]+)");
    private static final List<Path> ELSEWHERE = List.of(
            Path.of("/usr/libexec/qemu-kvm"),
            Path.of("/usr/bin", NAME),
            Path.of("/usr/local/bin", NAME),
            Path.of("/opt/homebrew/bin", NAME));

    /**
     * Looks for one: the one named, else on the PATH, else where some systems keep it.
     *
     * @param named by the user, if so
     * @throws Problem if there is none, or it is too old
     */
    public static Qemu find(@Nullable Path named) {
        List<Path> candidates = new ArrayList<>();
        if (named != null) {
            candidates.add(named);
        } else {
            String path = System.getenv("PATH");
            for (String folder : (path == null ? "" : path).split(File.pathSeparator, -1)) {
                candidates.add(Path.of(folder, NAME));
            }
            candidates.addAll(ELSEWHERE);
        }
        Path program = candidates.stream()
                .filter(file -> Files.isExecutable(file) && Files.isRegularFile(file))
                .findFirst()
                .orElseThrow(() -> new Problem(
                        ProblemCode.UK201,
                        named == null
                                ? NAME + " was not found on the PATH."
                                : "uk.run.qemu=" + named + " is no program.",
                        "Needed: QEMU " + NEEDED + ".0 or later for x86-64.",
                        install()));
        return new Qemu(program, version(program));
    }

    /** Whether there is one that will do. */
    public static Optional<Qemu> tryFind() {
        try {
            return Optional.of(find(null));
        } catch (Problem e) {
            return Optional.empty();
        }
    }

    private static String version(Path program) {
        String said;
        try {
            Process process = new ProcessBuilder(program.toString(), "--version")
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            said = String.valueOf(e.getMessage());
        }
        Matcher version = VERSION.matcher(said);
        boolean known = version.find();
        if (known && Integer.parseInt(version.group(2)) >= NEEDED) {
            return version.group(1);
        }
        throw new Problem(
                ProblemCode.UK201,
                program + " is " + (known ? "of version " + version.group(1) : "no QEMU: it said " + said.strip())
                        + '.',
                "Needed: QEMU " + NEEDED + ".0 or later for x86-64.",
                install());
    }

    private static String install() {
        if (Files.exists(Path.of("/etc/debian_version"))) {
            return "sudo apt install qemu-system-x86";
        }
        if (Files.exists(Path.of("/etc/redhat-release"))) {
            return "sudo dnf install qemu-kvm";
        }
        if (Files.exists(Path.of("/etc/alpine-release"))) {
            return "sudo apk add qemu-system-x86_64";
        }
        return Files.exists(Path.of("/opt/homebrew"))
                ? "brew install qemu"
                : "the package of QEMU for x86-64 of your system, or -Duk.run.qemu=/path/to/" + NAME;
    }
}
