package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How an appliance ends, and what it says when it cannot begin. */
@Timeout(120)
class StartAndStopIT {
    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);
    private static final int ORDERLY = 0;
    private static final int REFUSED = 2;

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void endsInOrderWithinTwoSecondsAtASignal(String signal) throws IOException {
        Requirements.commands("kill", "env");
        int port = FreePorts.next();
        try (ApplianceProcess appliance = ApplianceProcess.start(line -> line, "hello-http", GatewayBed.keys(port))) {
            assertEndsInOrder(appliance, signal);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void endsInOrderWithinTwoSecondsInTheMiddleOfATransfer(String signal) throws IOException {
        Requirements.tap("kill", "env");
        try (TapBed bed = TapBed.start("hello-http");
                HttpClient idle = bed.connect();
                HttpClient busy = bed.connect()) {
            assertEquals("ok\n", idle.get("/health").text());
            busy.send("GET /bytes/1G HTTP/1.1\r\nHost: test\r\n\r\n");
            busy.bytes(100_000);
            assertEndsInOrder(bed.appliance(), signal);
        }
    }

    private static void assertEndsInOrder(ApplianceProcess appliance, String signal) {
        Command.run("kill", "-" + signal, Long.toString(appliance.pid())).succeeded();
        assertEquals(ORDERLY, appliance.awaitExit(STOP_LIMIT), appliance::log);
        assertTrue(appliance.log().endsWith("[INFO] Appliance - Stopped\n"), appliance::log);
        assertFalse(appliance.log().contains("[ERROR]"), appliance::log);
    }

    @ParameterizedTest
    @ValueSource(strings = {"loop", "handoff"})
    void saysWhoCarriesFibersWithoutStartingAnything(String mode) {
        List<String> keys = List.of("--describe", "uk.sched.fiber.mode=" + mode);
        try (ApplianceProcess appliance = ApplianceProcess.launch(line -> line, "hello-http", keys)) {
            assertEquals(ORDERLY, appliance.awaitExit(), appliance::log);
            assertTrue(appliance.log().contains("\nscheduler\n  fibers: " + mode + " ("), appliance::log);
            assertFalse(appliance.log().contains("Starting"), appliance::log);
        }
    }

    @Test
    void explainsAPortThatIsInUse() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertRefused(
                    line -> line,
                    GatewayBed.keys(other.getLocalPort()),
                    ".* TCP port " + other.getLocalPort() + " .*: Address already in use\\.");
        }
    }

    @Test
    void explainsAMissingPermissionForATap() {
        Requirements.tap("setpriv");
        assertRefused(
                line -> prefixed(line, "setpriv", "--bounding-set", "-all", "--inh-caps", "-all"),
                List.of("uk.net.device=tap:uk-none", "uk.net.ipv4=10.0.2.15/24"),
                "tap:uk-none cannot be .*: .* (EPERM|EACCES) .*\\.");
    }

    @Test
    void explainsAnUnknownKey() {
        assertRefused(
                line -> line,
                List.of("uk.net.devise=tap:uk0"),
                "uk\\.net\\.devise \\(command line\\): there is no such key\\.");
    }

    @Test
    void explainsAWrongValue() {
        assertRefused(
                line -> line,
                List.of("uk.net.device=gateway:8080=http", "uk.net.ipv4=10.0.2.15/24"),
                "uk\\.net\\.device=gateway:.* cannot forward '8080=http': .*");
    }

    /** Expects three lines at the end of the standard error stream, of which the last says what to try, and no stack trace. */
    private static void assertRefused(UnaryOperator<List<String>> inside, List<String> keys, String first) {
        UnaryOperator<List<String>> withoutOutput =
                line -> prefixed(inside.apply(line), "bash", "-c", "exec \"$@\" 2>&1 >/dev/null", "bash");
        try (ApplianceProcess appliance = ApplianceProcess.launch(withoutOutput, "hello-http", keys)) {
            assertEquals(REFUSED, appliance.awaitExit(), appliance::log);
            List<String> lines = appliance
                    .log()
                    .lines()
                    .filter(line -> !line.startsWith("[INFO]"))
                    .toList();
            assertEquals(3, lines.size(), appliance::log);
            assertTrue(lines.getFirst().matches(first), appliance::log);
            assertTrue(lines.getLast().startsWith("Try: "), appliance::log);
        }
    }

    private static List<String> prefixed(List<String> line, String... prefix) {
        List<String> whole = new ArrayList<>(List.of(prefix));
        whole.addAll(line);
        return whole;
    }
}
