package io.uk4j.maven.machine;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RestartLimitTest {
    private final RestartLimit limit = new RestartLimit();

    /** A clock may be at any time, and overflow. */
    private boolean begins(double seconds) {
        return limit.begins(Long.MAX_VALUE - 3 + Math.round(seconds * TimeUnit.SECONDS.toNanos(1)));
    }

    @Test
    void endsAMachineThatRestartsAllTheTime() {
        for (int restart = 1; restart < 5; restart++) {
            assertTrue(begins(restart));
            assertFalse(limit.isReached(), "restart " + restart);
        }
        assertTrue(begins(11));
        assertTrue(limit.isReached());
    }

    @Test
    void forgetsWhatIsLongAgo() {
        for (int restart = 0; restart < 50; restart++) {
            assertTrue(begins(16 * restart));
            assertFalse(limit.isReached(), "restart " + restart);
        }
        assertTrue(begins(16 * 49 + 2));
        assertTrue(limit.isReached());
    }

    @Test
    void takesTheResetsOfTheFirmwareForTheSameRestart() {
        for (int restart = 0; restart < 20; restart++) {
            assertTrue(begins(16 * restart));
            assertFalse(begins(16 * restart + 0.05));
            assertFalse(begins(16 * restart + 0.9));
            assertFalse(limit.isReached(), "restart " + restart);
        }
    }

    @Test
    void doesNotTakeALoopForOneRestart() {
        int resets = 0;
        while (!limit.isReached()) {
            begins(0.2 * resets++);
        }
        assertTrue(resets < 30, resets + " resets");
    }
}
