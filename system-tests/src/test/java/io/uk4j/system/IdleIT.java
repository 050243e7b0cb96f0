package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an appliance costs that has a connection but nothing to do. */
@Timeout(180)
class IdleIT {
    private static final Duration WINDOW = Duration.ofSeconds(30);
    private static final Duration CALM = Duration.ofSeconds(1);
    private static final Duration CALM_LIMIT = Duration.ofSeconds(25);

    /** No JVM is up after so little time. */
    private static final Duration STARTED = Duration.ofMillis(50);

    private static final double SHARE_LIMIT = 0.01;
    private static final int WARM_UP_REQUESTS = 500;

    /** What /proc counts time in, on every Linux there is (USER_HZ). */
    private static final Duration TICK = Duration.ofMillis(10);

    @Test
    void takesUnderOneHundredthOfACoreWithAnOpenConnection() throws IOException {
        Requirements.tap();
        try (Bed tap = TapBed.start("hello-http");
                Bed gateway = GatewayBed.start("hello-http");
                HttpClient onTap = warmUp(tap);
                HttpClient onGateway = warmUp(gateway)) {
            awaitCalm(tap.appliance());
            awaitCalm(gateway.appliance());
            // One window for both, as they do nothing to each other.
            Duration tapFirst = cpuTime(tap.appliance());
            Duration gatewayFirst = cpuTime(gateway.appliance());
            assertTrue(tapFirst.compareTo(STARTED) > 0 && gatewayFirst.compareTo(STARTED) > 0, "it is the JVM's time");
            passTime(tap.appliance(), WINDOW);
            double tapShare = share(cpuTime(tap.appliance()).minus(tapFirst));
            double gatewayShare = share(cpuTime(gateway.appliance()).minus(gatewayFirst));
            String shares = String.format(
                    Locale.ROOT,
                    "%.2f %% of a core over a TAP, %.2f %% with the gateway",
                    tapShare * 100,
                    gatewayShare * 100);
            System.out.println("IdleIT: " + shares);
            assertEquals("ok\n", onTap.get("/health").text());
            assertEquals("ok\n", onGateway.get("/health").text());
            assertTrue(tapShare < SHARE_LIMIT && gatewayShare < SHARE_LIMIT, shares);
        }
    }

    private static HttpClient warmUp(Bed bed) throws IOException {
        HttpClient client = bed.connect();
        for (int i = 0; i < WARM_UP_REQUESTS; i++) {
            assertEquals("ok\n", client.get("/health").text());
        }
        return client;
    }

    /** Waits until the JVM has compiled what it wanted to. */
    private static void awaitCalm(ApplianceProcess appliance) {
        long deadline = System.nanoTime() + CALM_LIMIT.toNanos();
        Duration used;
        do {
            Duration first = cpuTime(appliance);
            passTime(appliance, CALM);
            used = cpuTime(appliance).minus(first);
        } while (used.compareTo(TICK) > 0 && System.nanoTime() - deadline < 0);
    }

    private static void passTime(ApplianceProcess appliance, Duration time) {
        long start = System.nanoTime();
        appliance.await(time + " have passed", time.multipliedBy(2), () -> System.nanoTime() - start >= time.toNanos());
    }

    private static double share(Duration used) {
        return used.toNanos() / (double) WINDOW.toNanos();
    }

    /** User and system time of all its threads: fields 14 and 15 of proc_pid_stat(5). */
    private static Duration cpuTime(ApplianceProcess appliance) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(appliance.pid()), "stat"));
            // The second field, the name, is in parentheses and may hold anything.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return TICK.multipliedBy(Long.parseLong(fields[14 - 3]) + Long.parseLong(fields[15 - 3]));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
