package io.uk4j.benchmarks.micro;

import io.uk4j.core.Timer;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.sched.Loop;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Moving one timer among 10,000 that wait, beside a binary heap. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TimerBench {
    private static final int WAITING = 10_000;
    private static final long SPREAD_NS = 10_000_000_000L;

    private final Simulation simulation = new Simulation(1);
    private final Loop loop = Loop.builder(new SimPlatform(simulation, "host")).build();
    private final Timer[] timers = new Timer[WAITING];
    private final PriorityQueue<Long> heap = new PriorityQueue<>();
    private int next;
    private long state = 88_172_645_463_325_252L;

    /** Fills the wheel and the heap. */
    @Setup(Level.Trial)
    public void fill() {
        for (int i = 0; i < WAITING; i++) {
            timers[i] = loop.newTimer(() -> {});
            long deadline = random();
            timers[i].schedule(deadline);
            heap.add(deadline);
        }
    }

    /** The wheel. */
    @Benchmark
    public boolean ours() {
        Timer timer = timers[next];
        next = next + 1 == WAITING ? 0 : next + 1;
        timer.schedule(random());
        return timer.isScheduled();
    }

    /** The heap, which takes out its earliest instead of any. */
    @Benchmark
    public boolean peer() {
        Long earliest = heap.poll();
        return heap.add(random() + (earliest == null ? 0 : earliest));
    }

    private long random() {
        state ^= state << 13;
        state ^= state >>> 7;
        state ^= state << 17;
        return (state >>> 1) % SPREAD_NS;
    }
}
