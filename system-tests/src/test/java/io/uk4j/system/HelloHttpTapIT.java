package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** hello-http over a TAP, with the kernel's stack and curl at the other end. */
class HelloHttpTapIT {
    private static final String SITE = "http://" + TapBed.APPLIANCE;

    @BeforeAll
    static void needs() {
        Requirements.tap("curl", "sha256sum");
    }

    @Test
    void answersAGet() {
        try (TapBed bed = TapBed.start("hello-http")) {
            String answer =
                    bed.netns().run("curl", "-sS", "-i", SITE + "/health").succeeded();
            assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n") && answer.endsWith("\r\n\r\nok\n"), answer);
        }
    }

    @Test
    void sendsAndTakesAMegabyteIntact() {
        try (TapBed bed = TapBed.start("hello-http")) {
            String sent = bed.netns()
                    .run("sh", "-c", "curl -sS " + SITE + "/bytes/1M | sha256sum")
                    .succeeded();
            assertEquals(NumberedLines.sha256(1 << 20), sent.substring(0, 64));
            String taken = bed.netns()
                    .run(
                            Duration.ofSeconds(60),
                            "sh",
                            "-c",
                            "seq -f %015.0f 0 65535 | curl -sS --data-binary @- " + SITE + "/upload")
                    .succeeded();
            assertEquals("1048576 " + NumberedLines.sha256(1 << 20) + "\n", taken);
        }
    }

    @Test
    void servesOnAfterAResetInTheMiddle() {
        try (TapBed bed = TapBed.start("hello-http")) {
            // curl is cut off by its own limit while the rest is under way, so the kernel answers that with resets.
            Command cut = bed.netns().run("curl", "-sS", "-o", "/dev/null", "--max-time", "1", SITE + "/bytes/64G");
            assertEquals(28, cut.status(), cut.output());
            bed.netns().run("curl", "-sS", "-f", SITE + "/health").succeeded();
        }
    }
}
