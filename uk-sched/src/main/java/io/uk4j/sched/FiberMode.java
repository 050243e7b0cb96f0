package io.uk4j.sched;

/** Who carries the fibers of a loop. As a setting it may be any of the three; {@link Fibers#mode} is never {@link #AUTO}. */
public enum FiberMode {
    /** {@link #LOOP} where the JDK lets us, else {@link #HANDOFF}. */
    AUTO,

    /**
     * The loop's own thread carries them, one at a time, between its other work: a fiber uses what the loop owns directly,
     * and a switch costs about as much as a function call into cold code. The JVM must be started with {@code --add-opens
     * java.base/java.lang=ALL-UNNAMED}.
     */
    LOOP,

    /** Ordinary virtual threads. What the loop owns they reach through the loop's queue, at the price of two thread hops. */
    HANDOFF
}
