// What the file part of the kernel stands on in tests, on the host: pages and objects come from the address sanitizer, copies to and from user
// memory fault where a test says so and fail the test if a lock is held, and an end of the machine is caught.
#ifndef UK_TEST_HOST_H
#define UK_TEST_HOST_H

#include "base.h"

int printf(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
void *calloc(size_t count, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void free(void *block);

// A test is a function; CHECK fails it and goes on with the next one.
#define CHECK(condition) ((condition) ? (void) 0 : host_fail(__FILE__, __LINE__, #condition))
#define CHECK_IS(value, wanted) host_check_is(__FILE__, __LINE__, #value, (long) (value), (long) (wanted))
bool host_has(const char *text, const char *part);
_Noreturn void host_fail(const char *file, int line, const char *what);
void host_check_is(const char *file, int line, const char *what, long value, long wanted);
void host_run(const char *name, void (*test)(void));
#define RUN(test) host_run(#test, test)
int host_report(void);  // prints "N passed, N failed"; what main returns

// The exit code with which the machine ended in there, or -1 if it did not; what it said is in host_said.
int host_ends(void (*function)(void *), void *argument);
extern char host_said[1024];

extern char host_console[4096];
extern size_t host_console_length;
extern volatile bool host_signal;          // whether a signal is there for sleepers
extern const char *host_bad_from, *host_bad_to;  // user memory that is not there
extern uint64_t host_pages_total;
long host_pages_used(void);                // that were taken and not given back
long host_objects_used(void);

void host_signal_all(void);
void host_thread(void (*function)(void *), void *argument);  // starts one
void host_join(void);                                        // waits for all of them
void host_sleep_ms(unsigned ms);
unsigned host_sleepers(void);              // threads in wait queues
uint32_t host_random(void);
void host_seed(uint32_t seed);

// A system call of the host's own kernel: its value, or the negative errno.
long host_call(long number, long a, long b, long c, long d, long e);

#endif
