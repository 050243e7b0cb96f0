// Queues of sleeping threads, in the order in which they came.
#include "thread.h"

void waiters_add(struct wait_queue *queue, struct thread *thread) {
    thread->waiter_queue = queue;
    thread->waiter_next = NULL;
    thread->waiter_previous = queue->last;
    if (queue->last) {
        queue->last->waiter_next = thread;
    } else {
        queue->first = thread;
    }
    queue->last = thread;
}

void waiters_remove(struct thread *thread) {
    struct wait_queue *queue = thread->waiter_queue;
    if (!queue) {
        return;
    }
    if (thread->waiter_previous) {
        thread->waiter_previous->waiter_next = thread->waiter_next;
    } else {
        queue->first = thread->waiter_next;
    }
    if (thread->waiter_next) {
        thread->waiter_next->waiter_previous = thread->waiter_previous;
    } else {
        queue->last = thread->waiter_previous;
    }
    thread->waiter_queue = NULL;
}

enum wake_reason wait_queue_wait(struct wait_queue *queue, struct lock *lock, uint64_t deadline) {
    struct thread *thread = current_thread();
    thread_prepare();
    waiters_add(queue, thread);
    lock_release(lock);
    enum wake_reason reason = thread_sleep(deadline);
    lock_acquire(lock);
    waiters_remove(thread);
    return reason;
}

bool wait_queue_sleep(struct wait_queue *queue, struct lock *lock) {
    return wait_queue_wait(queue, lock, NEVER) != WAKE_SIGNAL;
}

unsigned wait_queue_wake(struct wait_queue *queue, unsigned count) {
    unsigned woken = 0;
    for (struct thread *thread = queue->first, *next; thread && woken < count; thread = next) {
        next = thread->waiter_next;
        if (thread_claim(thread, WAKE_EVENT)) {
            waiters_remove(thread);
            thread_resume(thread);
            woken++;
        }
    }
    return woken;
}
