package io.uk4j.sched;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;

/**
 * The scheduler of the virtual threads that a loop carries: it runs their continuations on the loop's thread. It must never
 * refuse one, because a thread whose continuation is lost never runs again; so its queues have no bound of their own, but a
 * thread is in them at most once, and the number of fibers is limited.
 *
 * <p>Thread rule: {@link #execute} and {@link #isEmpty} are shared, the rest loop-owned.
 */
final class Carrier implements Executor {
    private static final int CHUNK = 256;

    private final Loop loop;
    private final Alarm alarm;
    private final Consumer<? super Throwable> onFailure;

    /** What becomes runnable by something that runs on the loop, nearly always. */
    private final ArrayDeque<Runnable> local = new ArrayDeque<>();

    /** What other threads make runnable: those that unpark, and the JDK's own ones for timed waits and monitors. */
    private final MpscUnboundedVarHandleArrayQueue<Runnable> remote = new MpscUnboundedVarHandleArrayQueue<>(CHUNK);

    Carrier(Loop loop, Alarm alarm, Consumer<? super Throwable> onFailure) {
        this.loop = loop;
        this.alarm = alarm;
        this.onFailure = onFailure;
    }

    @Override
    public void execute(Runnable continuation) {
        if (loop.inLoop()) {
            local.addLast(continuation);
        } else if (!loop.hasEnded()) {
            remote.offer(continuation);
            alarm.ring();
        }
        // A thread that has outlived its loop was reported when the loop ended. To throw here would hit whoever unparks
        // it.
    }

    boolean isEmpty() {
        return local.isEmpty() && remote.isEmpty();
    }

    int run(int limit) {
        for (int i = 0; i < limit; i++) {
            Runnable continuation = remote.poll();
            if (continuation == null) {
                break;
            }
            local.addLast(continuation);
        }
        int count = 0;
        while (count < limit) {
            Runnable continuation = local.pollFirst();
            if (continuation == null) {
                break;
            }
            count++;
            try {
                continuation.run();
            } catch (Throwable failure) {
                onFailure.accept(failure);
            }
        }
        return count;
    }
}
