// Locks that are taken by whoever is there. Not in turn: a virtual processor that waits may be one that the hypervisor does not run at the
// moment, and all behind it in a queue would wait for that.
#include "lock.h"
#include "cpu.h"

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
    lock->acquired++;
    if (spins) {
        lock->contended++;
        lock->spins += spins;
    }
}

void lock_release(struct lock *lock) {
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}
