// Ticket locks: first come, first served.
#include "lock.h"
#include "cpu.h"

void lock_acquire(struct lock *lock) {
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    uint64_t spins = 0;
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket) {
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
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}
