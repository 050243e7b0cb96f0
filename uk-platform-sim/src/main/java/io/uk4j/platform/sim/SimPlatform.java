package io.uk4j.platform.sim;

import io.uk4j.core.Clock;
import io.uk4j.core.EntropySource;
import io.uk4j.core.PageSource;
import io.uk4j.core.Platform;
import io.uk4j.core.Waiter;
import java.time.Instant;
import java.util.List;

/**
 * What one simulated host stands on. Make one per host: their consoles, memory and entropy are separate, their time is
 * that of the simulation. It is never found by {@link java.util.ServiceLoader}.
 *
 * <p>Thread rule: shared, as every platform; but what waits or makes time pass belongs to the simulation's thread.
 */
public final class SimPlatform implements Platform {
    /** What the wall clock shows at the start of a simulation, unless set otherwise. */
    public static final Instant DEFAULT_EPOCH = Instant.parse("2026-01-01T00:00:00Z");

    /** How many bytes of pages a host has, unless set otherwise: 1 GiB. Only what is allocated takes real memory. */
    public static final long DEFAULT_MEMORY_BYTES = 1L << 30;

    private final Simulation simulation;
    private final Clock clock;
    private final SimEntropy entropy;
    private final SimConsole console = new SimConsole();
    private final SimPages pages;

    /**
     * Makes a host's platform with the default epoch and memory.
     *
     * @param simulation whose time it lives in
     * @param host the host's name; with the seed, its entropy follows from it
     */
    public SimPlatform(Simulation simulation, String host) {
        this(simulation, host, DEFAULT_EPOCH, DEFAULT_MEMORY_BYTES);
    }

    /**
     * Makes a host's platform.
     *
     * @param simulation whose time it lives in
     * @param host the host's name; with the seed, its entropy follows from it
     * @param epoch what the wall clock shows at virtual time 0, to the nanosecond, from 1970 to 2262
     * @param memoryBytes how many bytes of pages it has, more than 0
     */
    public SimPlatform(Simulation simulation, String host, Instant epoch, long memoryBytes) {
        this.simulation = simulation;
        long epochNs = Math.addExact(Math.multiplyExact(epoch.getEpochSecond(), 1_000_000_000L), epoch.getNano());
        clock = new Clock() {
            @Override
            public long nowNs() {
                return simulation.nowNs();
            }

            @Override
            public long wallNs() {
                return epochNs + simulation.nowNs();
            }
        };
        entropy = new SimEntropy(simulation.random("entropy " + host));
        pages = new SimPages(memoryBytes);
    }

    @Override
    public String name() {
        return "sim";
    }

    @Override
    public Clock clock() {
        return clock;
    }

    /**
     * Not secure at all: the bytes are a function of the simulation's seed, the host's name, and what was drawn before, so
     * that a run can be repeated.
     */
    @Override
    public EntropySource entropy() {
        return entropy;
    }

    @Override
    public SimConsole console() {
        return console;
    }

    @Override
    public PageSource pages() {
        return pages;
    }

    /**
     * Makes a waiter whose waiting makes virtual time pass. It is for the one loop that runs on the simulation's thread by
     * itself; loops that are duties of the simulation never wait. {@link Waiter#await} returns at once if a wake-up or a
     * signal has come. Else it runs the simulation until one comes or virtual time reaches the deadline. Where there is
     * neither a deadline nor anything left to happen in virtual time, it blocks the thread until another thread wakes it.
     *
     * <p>Duties of the simulation must not call its {@code await}: they run inside one.
     */
    @Override
    public Waiter newWaiter() {
        return new SimWaiter(simulation);
    }

    /** There are none: a test makes its wires and hands their ends out. */
    @Override
    public <D> List<D> devices(Class<D> type) {
        return List.of();
    }

    /** Frees the pages that were not released. */
    @Override
    public void close() {
        pages.close();
    }
}
