package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** inetd over a TAP, with the kernel's stack and netcat at the other end. */
class InetdTapIT {
    @BeforeAll
    static void needs() {
        Requirements.tap("nc", "sha256sum");
    }

    @Test
    void tellsTheTime() {
        try (TapBed bed = TapBed.start("inetd")) {
            String line = bed.netns().run("nc", TapBed.APPLIANCE, "13").succeeded();
            assertTrue(line.matches("[A-Z][a-z]+day, [A-Z][a-z]+ \\d{1,2}, \\d{4} \\d\\d:\\d\\d:\\d\\d-UTC\r\n"), line);
        }
    }

    @Test
    void sendsBackWhatArrives() {
        try (TapBed bed = TapBed.start("inetd")) {
            String echoed = bed.netns()
                    .run(
                            Duration.ofSeconds(60),
                            "sh",
                            "-c",
                            "seq -f %015.0f 0 65535 | nc -N " + TapBed.APPLIANCE + " 7 | sha256sum")
                    .succeeded();
            assertEquals(ServedBytes.sha256(1 << 20), echoed.substring(0, 64));
        }
    }

    @Test
    void answersDatagrams() {
        try (TapBed bed = TapBed.start("inetd")) {
            assertEquals("hallo", datagram(bed, 7));
            assertTrue(datagram(bed, 13).endsWith("-UTC\r\n"));
            assertTrue(datagram(bed, 19).length() <= 512);
        }
    }

    private static String datagram(TapBed bed, int port) {
        return bed.netns()
                .run("sh", "-c", "printf hallo | nc -u -w 1 " + TapBed.APPLIANCE + " " + port)
                .output();
    }

    @Test
    void generatesTheKnownPattern() {
        try (TapBed bed = TapBed.start("inetd")) {
            String lines = bed.netns()
                    .run("sh", "-c", "timeout 10 nc " + TapBed.APPLIANCE + " 19 </dev/null | head -c 14060")
                    .output();
            assertTrue(
                    lines.startsWith(
                            " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n!\"#"),
                    lines);
            assertEquals(lines.substring(0, 7030), lines.substring(7030), "it repeats after 95 lines");
        }
    }
}
