package io.uk4j.platform.unix;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * What a system test needs of the machine. Where something is missing the test is skipped with a line that names it; with
 * {@code UK_REQUIRE_ALL=1} in the environment it fails instead, so that a CI lane cannot skip by accident.
 */
final class SystemRequirements {
    private SystemRequirements() {}

    /** Requires a process that may make TAP interfaces and network namespaces, and the commands to do so. */
    static void tapAndNamespaces(String... commands) {
        List<String> missing = new ArrayList<>();
        if (!System.getProperty("user.name").equals("root")) {
            missing.add("user root");
        }
        if (!new File("/dev/net/tun").exists()) {
            missing.add("/dev/net/tun");
        }
        for (String command : commands) {
            if (!isOnPath(command)) {
                missing.add("command " + command);
            }
        }
        if (!missing.isEmpty()) {
            String text = "This test needs what is missing here: " + String.join(", ", missing);
            if ("1".equals(System.getenv("UK_REQUIRE_ALL"))) {
                Assertions.fail(text);
            }
            Assumptions.abort(text);
        }
    }

    private static boolean isOnPath(String command) {
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
        for (String folder : path.split(":", -1)) {
            if (new File(folder, command).canExecute()) {
                return true;
            }
        }
        return false;
    }
}
