package io.uk4j.maven.machine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RestartLimitTest {
    private static boolean isReached(RestartLimit limit, int seconds) {
        return limit.isReached(Long.MAX_VALUE - 3 + TimeUnit.SECONDS.toNanos(seconds));
    }

    @Test
    void endsAMachineThatRestartsAllTheTime() {
        RestartLimit limit = new RestartLimit();
        for (int restart = 1; restart < 5; restart++) {
            assertFalse(isReached(limit, restart), "restart " + restart);
        }
        assertTrue(isReached(limit, 11));
    }

    @Test
    void forgetsWhatIsLongAgo() {
        RestartLimit limit = new RestartLimit();
        for (int restart = 0; restart < 50; restart++) {
            assertFalse(isReached(limit, 3 * restart), "restart " + restart);
        }
        assertTrue(isReached(limit, 148));
    }
}
