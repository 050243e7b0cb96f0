package io.uk4j.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.config.ConfigException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens in a JVM that was not given the flag, for which another JVM is needed. */
@Timeout(120)
class FiberFallbackTest {
    @Test
    void withoutTheFlagAutoFallsBackAndLoopIsRefusedWithTheFlagsName() throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(
                        java,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains("fibers: handoff"), output);
        assertTrue(output.contains("ran in the loop: false, called into it: true"), output);
        assertTrue(output.contains("refused: uk.sched.fiber.mode=loop"), output);
        assertTrue(output.contains("--add-opens java.base/java.lang=ALL-UNNAMED"), output);
    }

    /** Runs in the other JVM. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws InterruptedException {
            TestPlatform platform = TestPlatform.real();
            try (Loop loop = Loop.builder(platform).build().start()) {
                System.out.println(loop.describe());
                AtomicBoolean inLoop = new AtomicBoolean(true);
                AtomicBoolean called = new AtomicBoolean();
                loop.fibers()
                        .start("f", () -> {
                            inLoop.set(loop.inLoop());
                            try {
                                called.set(loop.call(loop::inLoop));
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        })
                        .join();
                System.out.println("ran in the loop: " + inLoop + ", called into it: " + called);
            }
            try {
                Loop.builder(platform).fiberMode(FiberMode.LOOP).build().close();
            } catch (ConfigException refusal) {
                System.out.println("refused: " + refusal.getMessage());
            }
        }
    }
}
