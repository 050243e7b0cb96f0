package io.uk4j.sched;

/**
 * How long a loop without work goes on polling before it sleeps. It learns from each idle spell: one that ended soon after
 * the loop had fallen asleep makes the next spin longer, up to the limit; one that outlasted the limit by itself makes it
 * shorter, down to none. So request and response find the loop awake, and a loop that waits for seconds spins not at all. The
 * rule is that of KVM's halt polling (Linux, Documentation/virt/kvm/halt-polling.rst).
 *
 * <p>Thread rule: loop-owned.
 */
final class Spin {
    /** What a spin starts from; anything shorter costs more than it saves. */
    static final long SHORTEST_NS = 10_000;

    private final long limitNs;
    private long lengthNs;

    /** Creates one that begins without spinning and never spins for longer than the limit. */
    Spin(long limitNs) {
        this.limitNs = limitNs;
    }

    long limitNs() {
        return limitNs;
    }

    /** For how long to spin now. */
    long lengthNs() {
        return lengthNs;
    }

    /**
     * The loop had to sleep.
     *
     * @param idleNs from its last work to its waking up
     */
    void slept(long idleNs) {
        if (idleNs <= limitNs) {
            lengthNs = Math.min(limitNs, Math.max(SHORTEST_NS, 2 * lengthNs));
        } else {
            lengthNs = lengthNs / 2 < SHORTEST_NS ? 0 : lengthNs / 2;
        }
    }
}
