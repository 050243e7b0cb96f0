package io.uk4j.virtio.driver;

import io.uk4j.core.Clock;
import io.uk4j.core.Console;
import io.uk4j.core.EntropySource;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.core.Platform;
import io.uk4j.core.Waiter;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.queue.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;

/** A simulated platform whose pages a model of a device can find by their addresses, and only these. */
final class ModelPlatform implements Platform, PageSource, GuestMemory {
    final Simulation simulation = new Simulation(20_261_126L);
    private final SimPlatform platform = new SimPlatform(simulation, "host");
    private final TreeMap<Long, Pages> pages = new TreeMap<>();
    private final Clock clock = new Clock() {
        @Override
        public long nowNs() {
            passedNs += stepNs;
            return platform.clock().nowNs() + passedNs;
        }

        @Override
        public long wallNs() {
            return platform.clock().wallNs() + passedNs;
        }
    };

    /** How much time passes at each look at the clock, for those who spin. */
    long stepNs;

    private long passedNs;

    /** How much memory is allocated now. */
    long allocatedBytes() {
        return pages.values().stream()
                .mapToLong(one -> one.segment().byteSize())
                .sum();
    }

    @Override
    public MemorySegment segment(long address, long length) {
        Map.Entry<Long, Pages> entry = pages.floorEntry(address);
        if (entry == null
                || length < 0
                || address + length
                        > entry.getKey() + entry.getValue().segment().byteSize()) {
            throw new VirtioException(Violation.ADDRESS, "Nothing lies at 0x" + Long.toHexString(address) + ".");
        }
        return entry.getValue().segment();
    }

    @Override
    public long offset(long address) {
        return address - pages.floorKey(address);
    }

    @Override
    public int pageBytes() {
        return platform.pages().pageBytes();
    }

    @Override
    public Pages allocate(long bytes, long alignment) {
        Pages piece = platform.pages().allocate(bytes, alignment);
        pages.put(piece.deviceAddress(), piece);
        return piece;
    }

    @Override
    public void release(Pages piece) {
        pages.remove(piece.deviceAddress());
        platform.pages().release(piece);
    }

    @Override
    public String name() {
        return "model";
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public EntropySource entropy() {
        return platform.entropy();
    }

    @Override
    public Console console() {
        return platform.console();
    }

    @Override
    public PageSource pages() {
        return this;
    }

    @Override
    public Waiter newWaiter() {
        return platform.newWaiter();
    }

    @Override
    public <D> java.util.List<D> devices(Class<D> type) {
        return java.util.List.of();
    }

    @Override
    public void close() {
        platform.close();
    }
}
