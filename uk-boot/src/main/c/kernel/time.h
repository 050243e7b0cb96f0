// Time, for system calls.
#ifndef UK_TIME_H
#define UK_TIME_H

#include "base.h"
#include "vdso.h"

// Finds out how fast the time-stamp counter is, and what time it is.
void clock_start(void);
extern uint64_t tsc_hz;
extern union vdso_page vdso_page;
uint64_t clock_tsc_at(uint64_t ns);  // what the counter shows at a time of clock_now

// The user's struct timespec as a time of clock_now; NEVER if timeout is NULL. Relative ones start now.
int time_deadline(const void *timeout, bool absolute, bool wall, uint64_t *deadline);

long sys_clock_gettime(int clock, void *time);
long sys_clock_getres(int clock, void *time);
long sys_clock_nanosleep(int clock, int flags, const void *request, void *remainder);
long sys_gettimeofday(void *time, void *zone);

#endif
