package io.uk4j.maven.image;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * The JDK whose tools make a runtime, and whose runtime is in the image.
 *
 * <p>Thread rule: immutable.
 *
 * @param home its folder
 * @param version as its release file says, such as 25.0.3
 * @param implementor who made it
 */
public record Jdk(Path home, String version, String implementor) {
    private static final int NEEDED = 25;

    /**
     * Takes the first that will do.
     *
     * @param candidates folders, best first
     * @throws Problem if none is a JDK 25 or later for Linux on x86-64 with glibc
     */
    public static Jdk find(List<Path> candidates) {
        List<String> refused = new ArrayList<>();
        for (Path home : candidates) {
            Properties release = release(home);
            String version = value(release, "JAVA_VERSION");
            String system = value(release, "OS_NAME") + ' ' + value(release, "OS_ARCH") + ' ' + value(release, "LIBC");
            if (version.isEmpty() || !Files.isExecutable(home.resolve("bin/jlink"))) {
                refused.add(home + " is no JDK");
            } else if (major(version) < NEEDED) {
                refused.add(home + " is of Java " + version);
            } else if (!system.strip().matches("Linux (x86_64|amd64)( gnu| default)?")) {
                refused.add(home + " is for " + system.strip());
            } else {
                return new Jdk(home, version, value(release, "IMPLEMENTOR"));
            }
        }
        throw new Problem(
                ProblemCode.UK104,
                "The image needs the runtime of a JDK " + NEEDED
                        + " or later for Linux on x86-64 with glibc, and none was found.",
                "Looked at: " + (refused.isEmpty() ? "nothing" : String.join("; ", refused)) + '.',
                "-Duk.image.jdk=/path/to/jdk-" + NEEDED + ", or JAVA_HOME=/path/to/jdk-" + NEEDED + " in front of mvn");
    }

    /** A tool of its bin folder. */
    String tool(String name) {
        return home.resolve("bin").resolve(name).toString();
    }

    private static Properties release(Path home) {
        Properties release = new Properties();
        Path file = home.resolve("release");
        if (Files.isReadable(file)) {
            try (Reader reader = Files.newBufferedReader(file)) {
                release.load(reader);
            } catch (IOException | IllegalArgumentException e) {
                return new Properties();
            }
        }
        return release;
    }

    private static String value(Properties release, String name) {
        return release.getProperty(name, "").replace("\"", "").strip();
    }

    private static int major(String version) {
        try {
            return Runtime.Version.parse(version).feature();
        } catch (IllegalArgumentException e) {
            return 0;
        }
    }
}
