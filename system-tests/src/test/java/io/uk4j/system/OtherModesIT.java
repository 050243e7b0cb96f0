package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The modes for systems that are not Linux, and for JVMs without the opening flag, which switches turn on here too. */
@Timeout(120)
class OtherModesIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @ParameterizedTest
    @CsvSource({"uk.unix.portable, true", "uk.sched.fiber.mode, handoff"})
    void servesCurlThroughTheGateway(String key, String value) {
        Requirements.commands("curl", "bash", "sha256sum");
        try (Bed bed = GatewayBed.start("hello-http", key + "=" + value)) {
            String described =
                    bed.run(LIMIT, "curl", "-sS", "-f", bed.url() + "/describe").succeeded();
            assertTrue(
                    described.lines().anyMatch(line -> line.matches(" *" + Pattern.quote(key) + " +" + value + " .*")),
                    described);
            String sent = bed.run(
                            LIMIT,
                            "bash",
                            "-o",
                            "pipefail",
                            "-c",
                            "curl -sS -f " + bed.url() + "/bytes/10M | sha256sum")
                    .succeeded();
            assertEquals(ServedBytes.sha256(10 << 20), sent.substring(0, 64));
        }
    }

    @Test
    void saysThatATapNeedsLinux() {
        List<String> keys = List.of("uk.unix.portable=true", "uk.net.device=tap:uk-none", "uk.net.ipv4=10.0.2.15/24");
        try (ApplianceProcess appliance = ApplianceProcess.launch(line -> line, "hello-http", keys)) {
            assertEquals(2, appliance.awaitExit(), appliance::log);
            assertTrue(appliance.log().contains("Linux"), appliance::log);
        }
    }
}
