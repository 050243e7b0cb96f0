// What the tests that run in the guest share.
#ifndef UK_TEST_CONFORMANCE_H
#define UK_TEST_CONFORMANCE_H

#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("FAIL %s:%d: %s (errno %d)\n", __func__, __LINE__, #condition, errno); \
            exit(1); \
        } \
    } while (0)

enum { PAGE = 4096 };

extern sigjmp_buf back;
extern volatile siginfo_t caught;
void catch (int number);

// Runs what must fault; true if it did, with that signal and code.
#define FAULTS(number, code_wanted, what) \
    (catch (number), sigsetjmp(back, 1) ? caught.si_signo == (number) && caught.si_code == (code_wanted) : ((what), false))

double seconds(void);  // since the machine started

// hostile.c
void test_frames(void);
void test_signals(void);
void test_clones(void);
void test_ports(void);
void test_timeouts(void);
void test_levels(void);

#endif
