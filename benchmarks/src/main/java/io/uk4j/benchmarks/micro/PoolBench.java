package io.uk4j.benchmarks.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Acquiring and releasing one packet buffer, beside Netty's own pooled allocator. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PoolBench {
    private static final int BYTES = 1514;

    private final PacketPool pool = PacketPool.builder(new SimPlatform(new Simulation(1), "host").pages())
            .build();

    /** Ours. */
    @Benchmark
    public int ours() {
        ByteBuf buffer = pool.tryAcquire(BYTES);
        int index = buffer == null ? -1 : buffer.readerIndex();
        if (buffer != null) {
            buffer.release();
        }
        return index;
    }

    /** Netty's. */
    @Benchmark
    public int peer() {
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(BYTES, BYTES);
        int index = buffer.readerIndex();
        buffer.release();
        return index;
    }
}
