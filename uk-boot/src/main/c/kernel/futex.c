// Futexes (futex(2)): 256 buckets, each with a lock of its own. All are of one address space, so the private flag says nothing.
#include "thread.h"
#include "memory.h"
#include "time.h"

enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE, FUTEX_WAIT_BITSET = 9, FUTEX_WAKE_BITSET,
       FUTEX_PRIVATE = 128, FUTEX_CLOCK_REALTIME = 256 };
enum { BUCKETS = 256 };

static struct bucket {
    struct lock lock;
    struct wait_queue waiters;
} __attribute__((aligned(64))) buckets[BUCKETS];

void futexes_start(void) {
    for (unsigned i = 0; i < BUCKETS; i++) {
        buckets[i].lock.name = "futex bucket";
    }
}

static struct bucket *bucket_of(uint64_t key) {
    return &buckets[(key >> 2) * 0x9e3779b97f4a7c15ul >> 56];
}

static void unlock(struct bucket *bucket, struct bucket *second) {
    if (bucket != second) {
        lock_release(&second->lock);
    }
    lock_release(&bucket->lock);
}

// Reads the user's word with the buckets locked: nobody may wake between the look and the sleep. This is the one place where user memory is
// touched, and may fault, with a lock held; memory.h's locks come after it, and nothing there waits for a bucket.
static int lock_and_read(struct bucket *bucket, struct bucket *second, const uint32_t *address, uint32_t *value) {
    lock_acquire(&MIN(bucket, second)->lock);
    if (bucket != second) {
        lock_acquire(&MAX(bucket, second)->lock);
    }
    int error = copy_in(value, address, sizeof *value);
    if (error) {
        unlock(bucket, second);
    }
    return error;
}

static long wait(uint32_t *address, uint32_t expected, uint64_t deadline, uint32_t bits) {
    struct thread *thread = current_thread();
    struct bucket *bucket = bucket_of((uint64_t) address);
    uint32_t value;
    if (!bits) {
        return -EINVAL;
    }
    if (lock_and_read(bucket, bucket, address, &value)) {
        return -EFAULT;
    }
    if (value != expected) {
        lock_release(&bucket->lock);
        return -EAGAIN;
    }
    thread->futex_key = (uint64_t) address;
    thread->futex_bits = bits;
    thread_prepare();
    waiters_add(&bucket->waiters, thread);
    lock_release(&bucket->lock);
    enum wake_reason reason = thread_sleep(deadline);
    if (reason == WAKE_EVENT) {
        return 0;
    }
    for (;;) {  // a requeue may have moved it meanwhile
        uint64_t key = __atomic_load_n(&thread->futex_key, __ATOMIC_ACQUIRE);
        bucket = bucket_of(key);
        lock_acquire(&bucket->lock);
        if (thread->futex_key == key) {
            break;
        }
        lock_release(&bucket->lock);
    }
    waiters_remove(thread);
    lock_release(&bucket->lock);
    return reason == WAKE_TIMEOUT ? -ETIMEDOUT : -EINTR;
}

// With the bucket locked.
static unsigned wake_locked(struct bucket *bucket, uint64_t key, unsigned count, uint32_t bits) {
    unsigned woken = 0;
    for (struct thread *thread = bucket->waiters.first, *next; thread && woken < count; thread = next) {
        next = thread->waiter_next;
        if (thread->futex_key == key && (thread->futex_bits & bits) && thread_claim(thread, WAKE_EVENT)) {
            waiters_remove(thread);
            thread_resume(thread);
            woken++;
        }
    }
    return woken;
}

static long wake(uint32_t *address, unsigned count, uint32_t bits) {
    struct bucket *bucket = bucket_of((uint64_t) address);
    lock_acquire(&bucket->lock);
    unsigned woken = wake_locked(bucket, (uint64_t) address, count, bits);
    lock_release(&bucket->lock);
    return woken;
}

void futex_wake_one(uint32_t *address) {
    wake(address, 1, ~0u);
}

static long requeue(uint32_t *from, uint32_t *to, unsigned to_wake, unsigned to_move, bool compare, uint32_t expected) {
    struct bucket *source = bucket_of((uint64_t) from), *target = bucket_of((uint64_t) to);
    uint32_t value;
    if (lock_and_read(source, target, from, &value)) {
        return -EFAULT;
    }
    long result = -EAGAIN;
    if (!compare || value == expected) {
        unsigned woken = wake_locked(source, (uint64_t) from, to_wake, ~0u), moved = 0;
        struct thread *last = source->waiters.last;  // of those that were there: behind it are the moved ones if both are one bucket
        for (struct thread *thread = source->waiters.first, *next; thread && moved < to_move; thread = next) {
            next = thread == last ? NULL : thread->waiter_next;
            if (thread->futex_key == (uint64_t) from && thread->wake == WAKE_NONE) {
                waiters_remove(thread);
                __atomic_store_n(&thread->futex_key, (uint64_t) to, __ATOMIC_RELEASE);
                waiters_add(&target->waiters, thread);
                moved++;
            }
        }
        result = woken + moved;
    }
    unlock(source, target);
    return result;
}

long sys_futex(uint32_t *address, int operation, uint32_t value, uint64_t timeout, uint32_t *address2, uint32_t value3) {
    int command = operation & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
    bool wall = (operation & FUTEX_CLOCK_REALTIME) != 0;
    bool two = command == FUTEX_REQUEUE || command == FUTEX_CMP_REQUEUE;
    if ((uint64_t) address & 3 || (two && (uint64_t) address2 & 3)) {
        return -EINVAL;
    }
    uint64_t deadline;
    int error;
    switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        error = time_deadline((const void *) timeout, command == FUTEX_WAIT_BITSET, wall, &deadline);
        return error ? error : wait(address, value, deadline, command == FUTEX_WAIT ? ~0u : value3);
    case FUTEX_WAKE: return wake(address, value, ~0u);
    case FUTEX_WAKE_BITSET: return value3 ? wake(address, value, value3) : -EINVAL;
    case FUTEX_REQUEUE: return requeue(address, address2, value, (unsigned) timeout, false, 0);
    case FUTEX_CMP_REQUEUE: return requeue(address, address2, value, (unsigned) timeout, true, value3);
    default: return -ENOSYS;
    }
}
