package io.uk4j.core;

import java.util.List;

/**
 * What an appliance stands on: the one door to time, randomness, memory, sleep and devices. An instance is passed on;
 * nothing about a platform is static, so a test can have many.
 *
 * <p>Thread rule: shared.
 */
public interface Platform extends AutoCloseable {
    /** A short name, such as {@code unix}, {@code sim}, {@code kvm} or {@code xen}. */
    String name();

    /** The platform's time. */
    Clock clock();

    /** The platform's randomness. */
    EntropySource entropy();

    /** The operator's console. */
    Console console();

    /** The platform's memory. */
    PageSource pages();

    /**
     * Makes the waiter for one event loop, who closes it.
     *
     * @throws PlatformException if the platform can give no more of them
     */
    Waiter newWaiter();

    /**
     * The devices that the platform enumerated by itself, in a stable order, as whatever a driver takes them by.
     *
     * @param type what to look for, such as the slot type of a bus
     * @return those found; empty on platforms that enumerate none, like the hosted one
     */
    <D> List<D> devices(Class<D> type);

    /**
     * Starts the machine anew, in the place of the end of the process, where the platform has a machine of its own. To be called when
     * everything is closed, this platform, too. What the JVM does at its end is not done.
     *
     * @return false if the platform cannot do that; else it does not return
     */
    default boolean tryRestart() {
        return false;
    }

    /** Frees what the platform holds. Loops must have ended. Closing twice has no further effect. */
    @Override
    void close();
}
