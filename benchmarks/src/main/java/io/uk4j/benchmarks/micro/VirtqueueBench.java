package io.uk4j.benchmarks.micro;

import io.uk4j.core.Pages;
import io.uk4j.platform.unix.EventDescriptor;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.queue.DeviceQueue;
import io.uk4j.virtio.queue.GuestMemory;
import io.uk4j.virtio.queue.Virtqueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a virtqueue costs its driver for each chain of one range, with the other side on the same processor. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class VirtqueueBench {
    private static final int SIZE = 1024;
    private static final int BATCH = 32;
    private static final int CHAIN_BYTES = 64;

    /** Both sides of a queue. */
    static final class Pair {
        final Virtqueue driver;
        private final GuestMemory memory;
        private final long features;
        private final long dataAddress;
        private DeviceQueue device;

        Pair(String layout) {
            features =
                    Features.EVENT_IDX | Features.INDIRECT_DESC | (layout.equals("packed") ? Features.RING_PACKED : 0);
            MemorySegment ring = Arena.global().allocate(Virtqueue.bytes(SIZE, features), 4096);
            MemorySegment data = Arena.global().allocate((long) SIZE * CHAIN_BYTES, 4096);
            memory = GuestMemory.of(List.of(
                    new GuestMemory.Region(ring.address(), ring), new GuestMemory.Region(data.address(), data)));
            driver = Virtqueue.create(SIZE, features, new Pages(ring, ring.address(), null));
            device = DeviceQueue.create(driver.areas(), features, memory, 0);
            dataAddress = data.address();
        }

        void reset() {
            driver.reset();
            device = DeviceQueue.create(driver.areas(), features, memory, 0);
        }

        /** Makes chains available, and looks once whether the device wants to know. */
        int add(int chains) {
            for (int i = 0; i < chains; i++) {
                driver.add(dataAddress + (long) i * CHAIN_BYTES, CHAIN_BYTES, true);
                driver.end();
            }
            driver.publish();
            return driver.needsKick() ? 1 : 0;
        }

        /** The device is done with all that it finds. */
        void serve() {
            for (int id = device.next(); id >= 0; id = device.next()) {
                device.complete(id, CHAIN_BYTES);
            }
            device.publish();
        }

        int reap(int chains) {
            int bytes = 0;
            for (int i = 0; i < chains; i++) {
                driver.poll();
                bytes += driver.usedBytes();
            }
            return bytes;
        }
    }

    /** A queue with nothing in it. */
    @State(Scope.Thread)
    public static class Empty {
        /** Of the queue. */
        @Param({"split", "packed"})
        public String layout = "split";

        Pair pair = new Pair(layout);

        /** Once for each parameter. */
        @Setup(Level.Trial)
        public void create() {
            pair = new Pair(layout);
        }

        /** A thousand chains take microseconds, so that little of what is measured is the clock. */
        @Setup(Level.Invocation)
        public void reset() {
            pair.reset();
        }
    }

    /** A queue that the device is done with. */
    @State(Scope.Thread)
    public static class Done extends Empty {
        /** After the reset. */
        @Setup(Level.Invocation)
        public void fill() {
            pair.add(SIZE);
            pair.serve();
        }
    }

    /** A queue that is used for long. */
    @State(Scope.Thread)
    public static class Running {
        /** Of the queue. */
        @Param({"split", "packed"})
        public String layout = "split";

        Pair pair = new Pair(layout);

        /** Once for each parameter. */
        @Setup(Level.Trial)
        public void create() {
            pair = new Pair(layout);
        }
    }

    /** What a kick over vhost-user is. */
    @State(Scope.Thread)
    public static class Event {
        private final EventDescriptor event = EventDescriptor.create();

        /** Once. */
        @TearDown
        public void close() {
            event.close();
        }
    }

    /** Adds and ends a chain; publishes, and looks whether to kick, once for 32. */
    @Benchmark
    @OperationsPerInvocation(SIZE)
    public int add(Empty state) {
        int kicks = 0;
        for (int i = 0; i < SIZE / BATCH; i++) {
            kicks += state.pair.add(BATCH);
        }
        return kicks;
    }

    /** The same, but for each chain. */
    @Benchmark
    @OperationsPerInvocation(SIZE)
    public int addEach(Empty state) {
        int kicks = 0;
        for (int i = 0; i < SIZE; i++) {
            kicks += state.pair.add(1);
        }
        return kicks;
    }

    /** Takes back a chain that the device is done with. */
    @Benchmark
    @OperationsPerInvocation(SIZE)
    public int reap(Done state) {
        return state.pair.reap(SIZE);
    }

    /** All that is done for a chain on either side, in batches of 32. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int bothSides(Running state) {
        state.pair.add(BATCH);
        state.pair.serve();
        return state.pair.reap(BATCH);
    }

    /** A system call. */
    @Benchmark
    public void kick(Event state) {
        state.event.signal();
    }
}
