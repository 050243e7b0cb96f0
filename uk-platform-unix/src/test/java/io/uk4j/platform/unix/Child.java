package io.uk4j.platform.unix;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM of its own that runs {@link ChildMain}. */
final class Child implements AutoCloseable {
    private static final long LIMIT_SECONDS = 120;

    private final Process process;
    private final BufferedReader output;

    private Child(List<String> command) {
        process = Host.start(command);
        // Ends the output, and with it whatever waits for a line of it.
        process.onExit().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).exceptionally(_ -> process.destroyForcibly());
        output = process.inputReader(StandardCharsets.UTF_8);
    }

    static Child start(List<String> jvmFlags, String... arguments) {
        return new Child(command(jvmFlags, arguments));
    }

    static List<String> command(List<String> jvmFlags, String... arguments) {
        List<String> command = new ArrayList<>();
        if (System.getProperty("os.name").equals("Linux")) {
            // Whoever runs the tests in the background of a shell has SIGINT ignored, and so would the child.
            command.addAll(List.of("env", "--default-signal=INT"));
        }
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of("-cp", System.getProperty("java.class.path"), "-Xshare:auto", "-XX:TieredStopAtLevel=1"));
        command.addAll(jvmFlags);
        command.add(ChildMain.class.getName());
        command.addAll(List.of(arguments));
        return command;
    }

    /** Waits for a line, and fails if the output ends without it. */
    void awaitLine(String wanted) throws IOException {
        StringBuilder seen = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.equals(wanted)) {
                return;
            }
            seen.append(line).append('\n');
        }
        throw new AssertionError("No line " + wanted + " in: " + seen);
    }

    void signal(String name) {
        Host.run("kill -" + name + " " + process.pid());
    }

    /** Waits for the end. */
    int status() throws InterruptedException {
        return process.waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
