package io.uk4j.sched;

import io.uk4j.core.Duty;
import io.uk4j.core.Timer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An operation on what a loop owns, for which a thread waits: reading from a connection, taking from a channel. A subclass
 * says what the operation is by {@link #attempt}; the caller waits in {@link #call}; and code on the loop calls {@link
 * #advance} when something has happened that may let the attempt succeed.
 *
 * <p>It is one code path for all callers. A fiber that the loop carries attempts in place and parks only if it must wait. Any
 * other thread hands the operation over and parks; all attempts run on the loop. Code on the loop's bare thread (a
 * task, a timer, a callback) cannot wait: there, what does not succeed at once is an {@link IllegalStateException}.
 *
 * <p>A call ends in exactly one of these ways, and always ends: the attempt succeeds; it throws, and the caller gets what it threw;
 * the deadline comes; the caller is interrupted; the loop ends. In the last three {@link #withdraw} runs on the loop
 * before the caller goes on, so that nothing touches the caller's buffers afterwards. A call that has succeeded when the
 * interrupt arrives returns normally and leaves the caller's interrupt status set.
 *
 * <pre>{@code
 * final class Read extends LoopCall {
 *     private byte[] target;
 *     private int count;
 *
 *     int read(byte[] into) throws InterruptedException {
 *         target = into;
 *         call();
 *         return count;
 *     }
 *
 *     @Override
 *     protected boolean attempt() {
 *         count = connection.tryRead(target);
 *         return count != 0;
 *     }
 * }
 * // in the connection, when data has come: read.advance();
 * }</pre>
 *
 * <p>An object serves one call at a time and any number after one another, and allocates nothing but, at the first call with a
 * deadline that has to wait, a timer. Callers that may meet (two readers of a stream) take turns by a lock of their own.
 *
 * <p>Thread rule: {@link #call} is shared; {@link #attempt}, {@link #withdraw} and {@link #advance} are loop-owned. What the
 * caller wrote to the subclass's fields before {@code call} the attempt sees, and what the attempt wrote the caller sees after.
 */
public abstract class LoopCall {
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(LoopCall.class, "state", State.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private enum State {
        IDLE,
        /** A caller prepares it. */
        CLAIMED,
        /** On its way to the loop; whoever moves it on from here owns it: the loop, or the caller if the loop has ended. */
        SUBMITTED,
        ATTEMPTING,
        WAITING,
        DONE
    }

    private enum Outcome {
        SUCCEEDED,
        THREW,
        TIMED_OUT,
        INTERRUPTED,
        LOOP_ENDED
    }

    private final Loop loop;
    private volatile State state = State.IDLE;

    private long deadlineNs;
    private boolean interruptRequested;
    private @Nullable Thread caller;
    private @Nullable Throwable thrown;
    private Outcome outcome = Outcome.SUCCEEDED;
    private @Nullable Timer timer;

    /** The loop's list of calls that wait. */
    @Nullable
    LoopCall previous;

    @Nullable
    LoopCall next;

    /**
     * Creates an operation that is not under way.
     *
     * @param loop what it runs on
     */
    protected LoopCall(Loop loop) {
        this.loop = loop;
    }

    /** The loop that the operation runs on. */
    public final Loop loop() {
        return loop;
    }

    /**
     * Tries to do it, without waiting. Runs on the loop: at the start of a call, and at each {@link #advance}.
     *
     * @return true if it is done; false if the caller has to wait
     */
    protected abstract boolean attempt();

    /**
     * Whether the caller of the attempt that is being made can wait. Code on the loop's bare thread cannot, so an attempt that begins something
     * which takes longer, and cannot be withdrawn, must not begin it for that.
     */
    protected final boolean canWait() {
        return state == State.ATTEMPTING;
    }

    /** Called on the loop when a call that was attempted ends without success, so that the subclass can forget it. Must not throw. */
    protected void withdraw() {}

    /** Attempts again, if a caller waits; has no effect otherwise. */
    public final void advance() {
        if (state == State.WAITING) {
            become(State.ATTEMPTING);
            attemptNow();
        }
    }

    /** Whether a caller waits: the attempt has been made, without success. Loop-owned. */
    public final boolean isWaiting() {
        return state == State.WAITING;
    }

    /**
     * Does it, and waits for as long as it takes.
     *
     * @throws InterruptedException if the caller was or is interrupted before the attempt succeeded
     * @throws LoopEndedException if the loop has ended, or ends before the attempt succeeded
     * @throws IllegalStateException if it is called on the loop's bare thread and does not succeed at once, or if another
     *     call of this object is under way
     */
    protected final void call() throws InterruptedException {
        boolean _ = call(Duty.NO_DEADLINE);
    }

    /**
     * Does it, and waits until the deadline at most. At least one attempt is made, even if the deadline has passed.
     *
     * @param deadlineNs a time of the loop's clock, or {@link Duty#NO_DEADLINE}
     * @return true if the attempt succeeded, false if the deadline came first
     * @throws InterruptedException if the caller was or is interrupted before the attempt succeeded
     * @throws LoopEndedException if the loop has ended, or ends before the attempt succeeded
     * @throws IllegalStateException if it is called on the loop's bare thread and does not succeed at once, or if another
     *     call of this object is under way
     */
    protected final boolean call(long deadlineNs) throws InterruptedException {
        Thread thread = Thread.currentThread();
        if (loop.isBare(thread)) {
            return callWithoutWaiting();
        }
        boolean inLoop = loop.inLoop();
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        claim(thread, deadlineNs);
        try {
            if (inLoop) {
                runInPlace();
            } else {
                loop.submit(this);
            }
            awaitEnd(inLoop);
            return conclude();
        } finally {
            caller = null;
            thrown = null;
            become(State.IDLE);
        }
    }

    /** Publishes all that was written before. Who waits for the new state parks until told, so nothing stronger is needed. */
    private void become(State newState) {
        STATE.setRelease(this, newState);
    }

    private boolean callWithoutWaiting() {
        if (loop.hasEnded()) {
            throw new LoopEndedException(loop.name());
        }
        if (!attempt()) {
            withdraw();
            throw new IllegalStateException(
                    "This would block the loop " + loop.name() + ". Call it from a fiber or from another thread.");
        }
        return true;
    }

    private void claim(Thread thread, long deadlineNs) {
        if (!STATE.compareAndSet(this, State.IDLE, State.CLAIMED)) {
            throw new IllegalStateException("Another thread is in the midst of the same operation.");
        }
        caller = thread;
        this.deadlineNs = deadlineNs;
        interruptRequested = false;
        become(State.SUBMITTED);
    }

    private void runInPlace() {
        loop.baton().take();
        try {
            runOnLoop();
        } finally {
            loop.baton().give();
        }
    }

    /** The caller may go on only when the loop has let go of the operation, so an interrupt is a request like any other. */
    private void awaitEnd(boolean inLoop) {
        boolean interrupted = false;
        while (state != State.DONE) {
            LockSupport.park(this);
            if (Thread.interrupted() && !interrupted) {
                interrupted = true;
                interruptRequested = true;
                if (inLoop) {
                    runInPlace();
                } else {
                    loop.submit(this);
                }
            }
        }
        if (interrupted && outcome != Outcome.INTERRUPTED) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean conclude() throws InterruptedException {
        return switch (outcome) {
            case SUCCEEDED -> true;
            case TIMED_OUT -> false;
            case INTERRUPTED -> throw new InterruptedException();
            case LOOP_ENDED -> throw new LoopEndedException(loop.name());
            case THREW -> throw LoopCall.<RuntimeException>unchecked(thrown);
        };
    }

    /** The attempt declares no checked exception, so what it threw may be thrown as it is. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals", "NullAway"})
    private static <E extends Throwable> E unchecked(@Nullable Throwable thrown) throws E {
        throw (E) thrown;
    }

    /** Takes a submission. There may be one left over from an earlier call, so only the state says what is to be done. */
    final void runOnLoop() {
        if (STATE.compareAndSet(this, State.SUBMITTED, State.ATTEMPTING)) {
            attemptNow();
        }
        if (state == State.WAITING && interruptRequested) {
            withdrawAndEnd(Outcome.INTERRUPTED);
        }
    }

    /** Ends a call that the loop has not begun and will not begin. Called by the loop at its end and by callers after it. */
    final void endUnbegun() {
        if (STATE.compareAndSet(this, State.SUBMITTED, State.ATTEMPTING)) {
            end(Outcome.LOOP_ENDED);
        }
    }

    /** Ends a call that waits, because the loop ends. */
    final void endWaiting() {
        withdrawAndEnd(Outcome.LOOP_ENDED);
    }

    private void attemptNow() {
        boolean done;
        try {
            done = attempt();
        } catch (Throwable failure) {
            thrown = failure;
            withdrawAndEnd(Outcome.THREW);
            return;
        }
        if (done) {
            end(Outcome.SUCCEEDED);
        } else if (deadlineNs != Duty.NO_DEADLINE
                && Deadlines.isReached(deadlineNs, loop.clock().nowNs())) {
            withdrawAndEnd(Outcome.TIMED_OUT);
        } else {
            startWaiting();
        }
    }

    private void startWaiting() {
        loop.waitingCalls().add(this);
        if (deadlineNs != Duty.NO_DEADLINE) {
            Timer deadline = timer;
            if (deadline == null) {
                deadline = loop.newTimer(this::expire);
                timer = deadline;
            }
            if (!deadline.isScheduled()) {
                deadline.schedule(deadlineNs);
            }
        }
        become(State.WAITING);
    }

    private void expire() {
        if (state == State.WAITING) {
            withdrawAndEnd(Outcome.TIMED_OUT);
        }
    }

    private void withdrawAndEnd(Outcome how) {
        try {
            withdraw();
        } finally {
            end(how);
        }
    }

    @SuppressWarnings("ReferenceEquality") // Threads are compared by identity.
    private void end(Outcome how) {
        loop.waitingCalls().remove(this);
        if (timer != null) {
            timer.cancel();
        }
        outcome = how;
        // Once it is done the caller may start the next call, so the caller is read before.
        Thread waiting = caller;
        become(State.DONE);
        if (waiting != Thread.currentThread()) {
            LockSupport.unpark(waiting);
        }
    }
}
