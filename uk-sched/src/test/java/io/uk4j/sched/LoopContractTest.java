package io.uk4j.sched;

import io.uk4j.core.EventLoop;
import io.uk4j.testkit.EventLoopContract;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Timeout;

/** A loop on a thread of its own. */
@Timeout(60)
class LoopContractTest extends EventLoopContract {
    private static final long LIMIT_NS = 10_000_000_000L;

    @Override
    protected Fixture open() {
        TestPlatform platform = TestPlatform.real();
        Loop loop = Loop.builder(platform).build().start();
        return new Fixture() {
            @Override
            public EventLoop loop() {
                return loop;
            }

            @Override
            public boolean runUntil(BooleanSupplier condition) {
                long startNs = platform.nowNs();
                while (!condition.getAsBoolean()) {
                    if (platform.nowNs() - startNs > LIMIT_NS) {
                        return false;
                    }
                    LockSupport.parkNanos(50_000);
                }
                return true;
            }

            @Override
            public void close() {
                loop.close();
            }
        };
    }
}
