// Locks that are taken by whoever is there. Not in turn: a virtual processor that waits may be one that the hypervisor does not run at the
// moment, and all behind it in a queue would wait for that.
#include "lock.h"
#include "cpu.h"

static struct lock *all;

static void list(struct lock *lock) {
    if (__atomic_exchange_n(&lock->listed, 1, __ATOMIC_RELAXED)) {
        return;
    }
    struct lock *first = __atomic_load_n(&all, __ATOMIC_RELAXED);
    do {
        lock->next = first;
    } while (!__atomic_compare_exchange_n(&all, &first, lock, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

static bool try(struct lock *lock) {
    return !__atomic_load_n(&lock->held, __ATOMIC_RELAXED) && !__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE);
}

void lock_acquire(struct lock *lock) {
    uint64_t spins = 0;
    while (!try(lock)) {
        spins++;
        cpus_serve();  // the holder may wait for us to flush
        pause();
    }
    if (!lock->acquired++) {
        list(lock);
    }
    if (spins) {
        lock->contended++;
        lock->spins += spins;
    }
}

void lock_release(struct lock *lock) {
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

static bool has_name(const struct lock *lock, const char *name) {
    return lock->name == name || !strcmp(lock->name, name);
}

void locks_print(void) {
    print("boot: %-16s %12s %12s %12s\n", "lock", "taken", "waited for", "rounds");
    struct lock *first = __atomic_load_n(&all, __ATOMIC_ACQUIRE);
    for (struct lock *lock = first; lock; lock = lock->next) {
        const struct lock *before = first;
        while (before != lock && !has_name(before, lock->name)) {
            before = before->next;
        }
        uint64_t acquired = 0, contended = 0, spins = 0;
        for (const struct lock *other = lock; before == lock && other; other = other->next) {
            if (has_name(other, lock->name)) {
                acquired += other->acquired;
                contended += other->contended;
                spins += other->spins;
            }
        }
        if (before == lock) {
            print("boot: %-16s %12lu %12lu %12lu\n", lock->name, acquired, contended, spins);
        }
    }
}
