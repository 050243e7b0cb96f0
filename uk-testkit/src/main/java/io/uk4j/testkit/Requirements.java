package io.uk4j.testkit;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * What a test needs of the machine. Where something is missing the test is skipped and says what; with {@code
 * UK_REQUIRE_ALL=1} in the environment it fails.
 */
public final class Requirements {
    private Requirements() {}

    /**
     * Network namespaces and TAP interfaces, and commands besides.
     *
     * @param commands names to be found on the PATH
     */
    public static void tap(String... commands) {
        List<String> missing = missingCommands("ip", commands);
        if (!Files.exists(Path.of("/dev/net/tun"))) {
            missing.add("/dev/net/tun (modprobe tun)");
        }
        if (!isRoot()) {
            missing.add("root, for network namespaces");
        }
        check(missing);
    }

    /**
     * Commands on the PATH.
     *
     * @param first a name
     * @param others more of them
     */
    public static void commands(String first, String... others) {
        check(missingCommands(first, others));
    }

    /**
     * A file.
     *
     * @param file where it is to be
     * @param from what has it, such as a package
     */
    public static void file(Path file, String from) {
        check(Files.isReadable(file) ? List.of() : List.of(file + " (" + from + ")"));
    }

    private static void check(List<String> missing) {
        if (missing.isEmpty()) {
            return;
        }
        String message = "This test needs: " + String.join(", ", missing);
        if ("1".equals(System.getenv("UK_REQUIRE_ALL"))) {
            fail(message + ". UK_REQUIRE_ALL=1 makes that a failure.");
        }
        System.out.println("SKIPPED: " + message);
        Assumptions.abort(message);
    }

    private static List<String> missingCommands(String first, String... others) {
        List<String> missing = new ArrayList<>();
        List<String> all = new ArrayList<>(List.of(others));
        all.addFirst(first);
        for (String command : all) {
            if (!isOnPath(command)) {
                missing.add("the command " + command);
            }
        }
        return missing;
    }

    private static boolean isOnPath(String command) {
        String path = System.getenv("PATH");
        return path != null
                && path.lines()
                        .flatMap(text -> List.of(text.split(File.pathSeparator, -1)).stream())
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, command)));
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }
}
