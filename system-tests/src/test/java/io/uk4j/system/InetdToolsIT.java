package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** inetd over a TAP, under the load that the usual tools make. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class InetdToolsIT {
    private static final int SECONDS = 10;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private TapBed bed;

    @BeforeAll
    void start() {
        Requirements.tap("iperf", "nc", "timeout", "bash", "wc");
        bed = TapBed.start("inetd");
    }

    @AfterAll
    void stop() {
        if (bed != null) {
            bed.close();
        }
    }

    @AfterEach
    void stillServes() {
        String echoed = bash("printf hallo | nc -N " + TapBed.APPLIANCE + " 7").succeeded();
        assertEquals("hallo", echoed);
    }

    @Test
    void discardsWhatIperfSends() {
        Command iperf =
                bed.run(LIMIT, "iperf", "-c", TapBed.APPLIANCE, "-p", "9", "-t", Integer.toString(SECONDS), "-y", "C");
        // The last line ends in: ...,interval,bytes,bits per second
        String[] fields = iperf.succeeded().strip().split(",", -1);
        report("discard", Long.parseLong(fields[fields.length - 2]));
    }

    @Test
    void discardsWhatFourStreamsSend() {
        Command iperf = bed.run(LIMIT, "iperf", "-c", TapBed.APPLIANCE, "-p", "9", "-t", "2", "-P", "4", "-y", "C");
        assertTrue(iperf.succeeded().lines().count() >= 4, iperf::output);
    }

    @Test
    void generatesCharactersForNc() {
        // Status 124: it was the time that ended it.
        Command nc = bash("set -o pipefail; timeout " + SECONDS + " nc " + TapBed.APPLIANCE + " 19 </dev/null | wc -c");
        assertEquals(124, nc.status(), nc.output());
        report("chargen", Long.parseLong(nc.output().strip()));
    }

    private Command bash(String script) {
        return bed.run(LIMIT, "bash", "-c", script);
    }

    private static void report(String service, long bytes) {
        System.out.println(String.format(
                Locale.ROOT,
                "InetdToolsIT: %s: %,.0f Mbit/s over %d s",
                service,
                bytes * 8.0 / SECONDS / 1e6,
                SECONDS));
        assertTrue(bytes > 0, service);
    }
}
