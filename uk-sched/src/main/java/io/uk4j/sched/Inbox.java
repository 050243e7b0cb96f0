package io.uk4j.sched;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;

/** The tasks that other threads have handed to a loop. Bounded; a task that finds no place is refused and counted. */
final class Inbox {
    private enum Stopper implements Runnable {
        STOPPER;

        @Override
        public void run() {}
    }

    private final MpscVarHandleArrayQueue<Runnable> queue;
    private final Consumer<? super Throwable> onFailure;
    private final Counter tasksRun;
    private final Counter tasksRefused;

    /** Refusals happen on other threads, but a counter has one writer: the loop copies the number. */
    private final AtomicLong refused = new AtomicLong();

    private long refusedCopied;

    Inbox(int capacity, Counters counters, Consumer<? super Throwable> onFailure) {
        queue = new MpscVarHandleArrayQueue<>(capacity);
        this.onFailure = onFailure;
        tasksRun = counters.counter("uk_sched_tasks_total", "Tasks that the loop has run");
        tasksRefused = counters.counter(
                "uk_sched_tasks_refused_total", "Tasks refused because the inbox was full or the loop had ended");
    }

    boolean offer(Runnable task) {
        if (queue.offer(task)) {
            return true;
        }
        refuse();
        return false;
    }

    void refuse() {
        refused.incrementAndGet();
    }

    int capacity() {
        return queue.capacity();
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int run(int limit) {
        int count = 0;
        while (count < limit) {
            Runnable task = queue.poll();
            if (task == null) {
                break;
            }
            count++;
            run(task);
        }
        if (count > 0) {
            tasksRun.add(count);
        }
        copyRefusals();
        return count;
    }

    /**
     * Runs what was accepted and takes nothing more, without a word to producers: the queue is left full of stoppers, so
     * that a producer that comes late is refused as by any full queue. Whatever slips in between is run.
     */
    void close() {
        while (queue.offer(Stopper.STOPPER)) {
            // Full is what this is for.
        }
        int stoppersInARow = 0;
        while (stoppersInARow < queue.capacity()) {
            Runnable task = queue.poll();
            boolean kept = queue.offer(Stopper.STOPPER);
            if (task != null && !(task instanceof Stopper)) {
                run(task);
                tasksRun.increment();
            }
            stoppersInARow = task instanceof Stopper && kept ? stoppersInARow + 1 : 0;
        }
        copyRefusals();
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable failure) {
            onFailure.accept(failure);
        }
    }

    private void copyRefusals() {
        long total = refused.get();
        if (total != refusedCopied) {
            tasksRefused.add(total - refusedCopied);
            refusedCopied = total;
        }
    }
}
