package io.uk4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs {@link Appliance#main} as what it is meant for, the whole of a JVM. */
@Timeout(120)
class ApplianceProcessTest {
    /** An appliance that says what it finds and stops. */
    static final class Program {
        private Program() {}

        public static void main(String[] arguments) {
            Appliance.main(arguments, appliance -> {
                appliance.own(() -> System.out.println("closed"));
                for (String module : List.of("java.management", "jdk.jfr")) {
                    System.out.println(
                            module + ' ' + ModuleLayer.boot().findModule(module).isPresent());
                }
                System.out.println(appliance.platform().name() + ' ' + appliance.arguments());
                appliance.stop();
            });
        }
    }

    private record Result(int status, String output) {}

    private static Result run(List<String> options, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Program.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("UK_"));
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), output.replaceAll("(?m)^SLF4J.*\\R", ""));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void findsThePlatformByItselfAndEndsInOrder() throws Exception {
        Result result = run(List.of(), "uk.platform=test", "--", "a", "b");
        assertEquals("""
                java.management true
                jdk.jfr true
                test [a, b]
                closed
                """, result.output());
        assertEquals(0, result.status());
    }

    @Test
    void livesOnJavaBaseAlone() throws Exception {
        Result result = run(List.of("--limit-modules", "java.base"));
        assertEquals("""
                java.management false
                jdk.jfr false
                test []
                closed
                """, result.output());
        assertEquals(0, result.status());
    }

    @Test
    void endsWithStatus2ForAUsersMistake() throws Exception {
        Result result = run(List.of("-Duk.platfrom=test"));
        assertTrue(
                result.output()
                        .startsWith("uk.platfrom (system property): there is no such key.\nNearest: uk.platform."),
                result.output());
        assertEquals(2, result.status());
    }
}
