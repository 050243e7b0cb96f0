package io.uk4j.benchmarks.micro;

import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.sched.Loop;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Switching from one fiber to another, beside the JDK's own scheduler: two that unpark each other and park. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FiberBench {
    private static final int SWITCHES = 20_000;

    private final UnixPlatform platform = UnixPlatform.create();
    private final Loop loop = Loop.builder(platform).build();

    /** Starts the loop. */
    @Setup(Level.Trial)
    public void start() {
        loop.start();
    }

    /** Ends the loop. */
    @TearDown(Level.Trial)
    public void stop() {
        loop.close();
        platform.close();
    }

    /** Fibers of a loop. */
    @Benchmark
    @OperationsPerInvocation(SWITCHES)
    public int ours() throws InterruptedException {
        return new Pair().run(body -> loop.fibers().start("fiber", body));
    }

    /** Virtual threads of the JDK's scheduler. */
    @Benchmark
    @OperationsPerInvocation(SWITCHES)
    public int peer() throws InterruptedException {
        return new Pair().run(Thread::startVirtualThread);
    }

    /** Two threads that take turns. */
    private static final class Pair {
        private final AtomicInteger turn = new AtomicInteger();
        private volatile @Nullable Thread first;
        private volatile @Nullable Thread second;

        int run(Function<Runnable, Thread> starter) throws InterruptedException {
            Thread one = starter.apply(() -> take(0));
            Thread two = starter.apply(() -> take(1));
            first = one;
            second = two;
            LockSupport.unpark(one);
            one.join();
            two.join();
            return turn.get();
        }

        private void take(int side) {
            while (first == null || second == null) {
                LockSupport.parkNanos(1_000);
            }
            Thread other = side == 0 ? second : first;
            while (turn.get() < SWITCHES) {
                if ((turn.get() & 1) == side) {
                    turn.incrementAndGet();
                    LockSupport.unpark(other);
                } else {
                    LockSupport.park();
                }
            }
            LockSupport.unpark(other);
        }
    }
}
