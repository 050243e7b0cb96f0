// Spin locks that count. The kernel runs with interrupts off and is never preempted, so a lock is held for a short time and needs no
// more than this. Lock order, outermost first: futex bucket (futex.c says why), memory, file tree, interrupts, threads, run queue, timers, pages,
// console.
#ifndef UK_LOCK_H
#define UK_LOCK_H

#include "base.h"

struct lock {
    uint32_t held;
    uint64_t acquired;  // how often it was taken; written by the holder, as are the others
    uint64_t contended; // how often somebody had to wait
    uint64_t spins;     // rounds of waiting in all
    const char *name;   // what the statistics call it; those of one name are added up
    struct lock *next;  // of all that were ever taken
    uint32_t listed;    // set before for locks that may go again
};

#define LOCK_INIT(text) {.name = (text)}

void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);
// How often locks were taken, waited for, and for how many rounds, by name; "boot.statistics=locks" has it printed at the end.
void locks_print(void);

#endif
