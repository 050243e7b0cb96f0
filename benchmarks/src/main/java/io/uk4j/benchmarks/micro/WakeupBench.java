package io.uk4j.benchmarks.micro;

import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.sched.Loop;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Waking a loop that sleeps and hearing back from it, beside a JDK executor of one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WakeupBench {
    private final UnixPlatform platform = UnixPlatform.create();
    private final Loop loop = Loop.builder(platform).spin(Duration.ZERO).build();
    private final ExecutorService executor = Executors.newSingleThreadExecutor();
    private final Semaphore done = new Semaphore(0);

    /** Starts the loop. */
    @Setup(Level.Trial)
    public void start() {
        loop.start();
    }

    /** Ends both. */
    @TearDown(Level.Trial)
    public void stop() {
        loop.close();
        platform.close();
        executor.shutdown();
    }

    /** The loop. */
    @Benchmark
    public void ours() throws InterruptedException {
        loop.execute(done::release);
        done.acquire();
    }

    /** The executor. */
    @Benchmark
    public void peer() throws InterruptedException {
        executor.execute(done::release);
        done.acquire();
    }
}
