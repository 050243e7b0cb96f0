package io.uk4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.JmxExport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A sealed image has few modules of the JDK; java.base has to do. */
class FewModulesTest {
    @Test
    @Timeout(120)
    void livesWithoutManagementAndFlightRecorder() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--limit-modules",
                        "java.base",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Program.class.getName())
                .redirectErrorStream(true)
                .start();
        try {
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor(60, TimeUnit.SECONDS);
            assertEquals("false false uk-core done", output.lines().toList().getLast(), output);
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    /** What runs over there. */
    static final class Program {
        public static void main(String[] arguments) throws Exception {
            Appliance appliance =
                    Appliance.create(new TestPlatform("few"), Configs.builder().build());
            JmxExport.tryOpen(appliance.registry()).ifPresent(appliance::own);
            appliance.run(Appliance::stop);
            System.out.println(ModuleLayer.boot().findModule("java.management").isPresent()
                    + " " + ModuleLayer.boot().findModule("jdk.jfr").isPresent()
                    + " " + LinkedModules.find(Program.class.getClassLoader()).firstKey() + " done");
        }
    }
}
