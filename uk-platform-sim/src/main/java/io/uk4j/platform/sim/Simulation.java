package io.uk4j.platform.sim;

import io.uk4j.core.Clock;
import io.uk4j.core.Duty;
import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * Drives duties in virtual time, on one thread, as a function of a seed. One <em>round</em> runs the scheduled actions
 * that are due and polls every duty once, in the order in which they were added. Rounds repeat at the present instant
 * until one finds no work; only then does time move, to the earliest deadline of a duty or the next scheduled action.
 *
 * <p>So code takes no virtual time: a host is infinitely fast, and only wires and timers make time pass.
 *
 * <p>Thread rule: used by one thread, except {@link #clock} and {@link #seed}, which are shared. Duties and actions must
 * not run the simulation from within.
 */
public final class Simulation {
    /** Rounds at one instant after which the simulation gives up, unless set otherwise. */
    public static final int DEFAULT_ROUND_LIMIT = 1_000_000;

    /**
     * When a duty found no work although its deadline has come, it is asked again this much later: its timers are coarser
     * than the deadline that it told.
     */
    private static final long OVERDUE_STEP_NS = 50_000;

    private static final class Entry {
        final String name;
        final Duty duty;
        boolean removed;

        Entry(String name, Duty duty) {
            this.name = name;
            this.duty = duty;
        }

        @SuppressWarnings("ReferenceEquality") // two duties may be equal, yet both want to be polled
        boolean isFor(Duty other) {
            return duty == other;
        }
    }

    private record Action(long timeNs, long order, Runnable body) {}

    private final long seed;
    private final VirtualClock clock;
    private final PriorityQueue<Action> actions =
            new PriorityQueue<>(Comparator.comparingLong(Action::timeNs).thenComparingLong(Action::order));
    private long actionsScheduled;

    /** Replaced as a whole, so that a round under way goes on over the array it started with. */
    private Entry[] duties = {};

    private int wires;
    private int roundLimit = DEFAULT_ROUND_LIMIT;
    private int roundsAtInstant;
    private boolean running;

    /**
     * Creates a simulation that stands at time 0, with nothing in it.
     *
     * @param seed what every random decision in it follows from
     */
    public Simulation(long seed) {
        this.seed = seed;
        clock = new VirtualClock();
    }

    /** The seed, for the message of a failing test. */
    public long seed() {
        return seed;
    }

    /**
     * The virtual clock. Its wall clock shows the time since 1970 as if the simulation had started then; a {@link
     * SimPlatform} has an epoch of its own.
     */
    public Clock clock() {
        return clock;
    }

    /** The present virtual time in nanoseconds. */
    public long nowNs() {
        return clock.nowNs();
    }

    /**
     * A generator whose numbers follow from the seed and the purpose alone: what others draw does not disturb it.
     *
     * @param purpose tells generators apart; the same purpose gives the same numbers again
     */
    public SplittableRandom random(String purpose) {
        long mixed = seed;
        for (int i = 0; i < purpose.length(); i++) {
            mixed = (mixed ^ purpose.charAt(i)) * 0x100_0000_01b3L;
        }
        return new SplittableRandom(mixed).split();
    }

    /**
     * Adds a duty, to be polled in every round from the next one on.
     *
     * @param name what messages call it
     * @param duty not yet added
     * @throws IllegalArgumentException if it was added already
     */
    public void add(String name, Duty duty) {
        for (Entry entry : duties) {
            if (entry.isFor(duty)) {
                throw new IllegalArgumentException("This duty was added already, as " + entry.name + ".");
            }
        }
        Entry[] more = Arrays.copyOf(duties, duties.length + 1);
        more[duties.length] = new Entry(name, duty);
        duties = more;
    }

    /**
     * Adds a duty that messages call by its own {@code toString}.
     *
     * @param duty not yet added
     */
    public void add(Duty duty) {
        add(duty.toString(), duty);
    }

    /**
     * Takes a duty out; it is polled no more once this returns. Has no effect if it was not there.
     *
     * @param duty what was added
     */
    public void remove(Duty duty) {
        for (Entry entry : duties) {
            if (entry.isFor(duty)) {
                entry.removed = true;
                duties = Arrays.stream(duties).filter(other -> other != entry).toArray(Entry[]::new);
                return;
            }
        }
    }

    /**
     * Schedules an action. Actions of the same time run in the order in which they were scheduled, before the duties of
     * that instant's next round.
     *
     * @param timeNs when; a time in the past runs in the next round
     * @param action what to do
     */
    public void at(long timeNs, Runnable action) {
        actions.add(new Action(timeNs, actionsScheduled++, action));
    }

    /**
     * Schedules an action some time from now.
     *
     * @param delayNs how long from now, 0 or more
     * @param action what to do
     */
    public void after(long delayNs, Runnable action) {
        at(deadline(delayNs), action);
    }

    /**
     * Sets how many rounds may find work at one instant. A duty that always reports work would otherwise stop time for
     * ever.
     *
     * @param rounds more than 0
     */
    public void roundLimit(int rounds) {
        if (rounds < 1) {
            throw new IllegalArgumentException("A limit of " + rounds + " rounds lets nothing happen.");
        }
        roundLimit = rounds;
    }

    /**
     * Finishes the work of the present instant, then moves time to the next event.
     *
     * @return false if there is no next event: time did not move
     * @throws IllegalStateException if the work of one instant does not end; names the duty that keeps reporting work
     */
    public boolean step() {
        enter();
        try {
            while (round() > 0) {
                // The work of an instant ends before time moves.
            }
            long next = nextEventNs();
            if (next == Duty.NO_DEADLINE) {
                return false;
            }
            moveTo(next);
            return true;
        } finally {
            running = false;
        }
    }

    /**
     * Runs for a stretch of virtual time. Afterwards the clock stands at its end and the work of that instant is done.
     *
     * @param durationNs how long, 0 or more
     * @throws IllegalStateException if the work of one instant does not end; names the duty that keeps reporting work
     */
    public void runFor(long durationNs) {
        var _ = runUntil(() -> false, durationNs);
    }

    /**
     * Runs until a condition holds, which is looked at before the first round and after each.
     *
     * @param condition what to wait for; must not run the simulation
     * @param limitNs for how long at most, 0 or more; {@link Duty#NO_DEADLINE} for as long as there are events
     * @return true as soon as the condition holds; false if the limit was reached, where the clock stands then, or, where
     *     there is no limit, if nothing was left to happen
     * @throws IllegalStateException if the work of one instant does not end; names the duty that keeps reporting work
     */
    public boolean runUntil(BooleanSupplier condition, long limitNs) {
        long endNs = deadline(limitNs);
        enter();
        try {
            while (!condition.getAsBoolean()) {
                if (round() > 0) {
                    continue;
                }
                if (nowNs() >= endNs) {
                    return condition.getAsBoolean();
                }
                long next = Math.min(nextEventNs(), endNs);
                if (next == Duty.NO_DEADLINE) {
                    return condition.getAsBoolean();
                }
                moveTo(next);
            }
            return true;
        } finally {
            running = false;
        }
    }

    /** A number for a wire that was given no name. */
    int nextWireNumber() {
        return wires++;
    }

    private void enter() {
        if (running) {
            throw new IllegalStateException("A duty or an action must not run the simulation that runs it.");
        }
        running = true;
        roundsAtInstant = 0;
    }

    private long deadline(long durationNs) {
        if (durationNs < 0) {
            throw new IllegalArgumentException("A duration of " + durationNs + " ns is negative.");
        }
        long now = nowNs();
        return durationNs >= Duty.NO_DEADLINE - now ? Duty.NO_DEADLINE : now + durationNs;
    }

    private void moveTo(long timeNs) {
        clock.moveTo(timeNs);
        roundsAtInstant = 0;
    }

    private int round() {
        long now = nowNs();
        int work = 0;
        String worker = "a scheduled action";
        long scheduledBefore = actionsScheduled;
        Action action = actions.peek();
        while (action != null && action.timeNs <= now && action.order < scheduledBefore) {
            actions.remove();
            action.body.run();
            work++;
            action = actions.peek();
        }
        for (Entry entry : duties) {
            int done = entry.removed ? 0 : entry.duty.poll(now);
            if (done > 0) {
                work += done;
                worker = entry.name;
            }
        }
        if (work > 0 && ++roundsAtInstant > roundLimit) {
            throw new IllegalStateException("Still busy after " + roundLimit + " rounds at " + now + " ns, seed " + seed
                    + ": " + worker + " was the last that reported work.\nA duty returns 0 when it has nothing to do."
                    + "\nTry: find what it counts, or raise Simulation.roundLimit if so much happens at one instant.");
        }
        return work;
    }

    private long nextEventNs() {
        long now = nowNs();
        Action action = actions.peek();
        long next = action == null ? Duty.NO_DEADLINE : action.timeNs;
        for (Entry entry : duties) {
            long deadline = entry.duty.nextDeadlineNs();
            next = Math.min(next, deadline > now ? deadline : now + OVERDUE_STEP_NS);
        }
        return next;
    }
}
