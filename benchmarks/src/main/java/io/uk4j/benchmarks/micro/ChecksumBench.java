package io.uk4j.benchmarks.micro;

import io.netty.buffer.ByteBuf;
import io.uk4j.mm.PacketPool;
import io.uk4j.mm.PoolBuffer;
import io.uk4j.net.tcpip.wire.Checksum;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The Internet checksum of 1,460 bytes, beside a plain copy of as many. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChecksumBench {
    private static final int BYTES = 1460;

    private final PacketPool pool = PacketPool.builder(new SimPlatform(new Simulation(1), "host").pages())
            .build();
    private final PoolBuffer source = Objects.requireNonNull(pool.tryAcquire(BYTES));
    private final PoolBuffer target = Objects.requireNonNull(pool.tryAcquire(BYTES));

    /** The sum. */
    @Benchmark
    public long ours() {
        ByteBuf buffer = source;
        return Checksum.sum(buffer, buffer.readerIndex(), BYTES);
    }

    /** The copy. */
    @Benchmark
    public MemorySegment peer() {
        MemorySegment.copy(source.segment(), 128, target.segment(), 128, BYTES);
        return target.segment();
    }
}
