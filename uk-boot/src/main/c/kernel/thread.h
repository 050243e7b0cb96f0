// Threads of the JVM and of the kernel: scheduling, sleeping, signals, futexes.
//
// A thread that wants to sleep says so with thread_prepare, makes itself known to whoever shall wake it (in a list, under that list's lock),
// lets go of the lock, and calls thread_sleep. Whoever wakes it claims it, takes it from the list if it was the first to (a time-out or a signal
// may have come before, and then the thread takes itself out), and resumes it, in this order: once resumed, it may be in another list.
#ifndef UK_THREAD_H
#define UK_THREAD_H

#include "base.h"
#include "cpu.h"
#include "heap.h"
#include "lock.h"
#include "trap.h"

enum { THREAD_LIMIT = 8192, KERNEL_STACK = 16384 };

enum wake_reason { WAKE_NONE, WAKE_EVENT, WAKE_TIMEOUT, WAKE_SIGNAL };

#define NEVER UINT64_MAX

struct thread {
    uint64_t stack_pointer;  // of the kernel stack, while another thread runs
    uint64_t stack_end;
    void *fpu;               // NULL for threads of the kernel
    uint64_t fs_base;
    int tid;
    char name[16];
    struct thread *next;     // of all threads; in the free list
    struct cpu *cpu;         // where it runs, ran last, or waits to run
    volatile bool running;   // its stack is in use by a processor
    bool idle;
    bool ended;              // released as soon as its stack is left
    struct heap_node run;    // by virtual run time
    uint64_t virtual_time;   // ns of processor time, adjusted when it slept
    uint64_t started;        // when it got the processor
    uint64_t processor_time; // ns in all
    volatile uint32_t wake;  // enum wake_reason
    struct heap_node timer;  // by deadline
    struct cpu *timer_cpu;   // in whose queue the timer is, or NULL
    struct thread *waiter_next, *waiter_previous;  // in the list of a wait queue or futex bucket
    struct wait_queue *waiter_queue;
    uint64_t futex_key;
    uint32_t futex_bits;
    uint64_t signals_blocked;
    volatile uint64_t signals_pending;
    uint32_t *clear_tid;     // user address that is zeroed and woken when it ends
};

// ---- thread.c ---------------------------------------------------------------------------------------------------------------------------

// A thread of user code that starts with the registers of frame, or NULL if memory or numbers are out. It does not run yet.
struct thread *thread_create(const struct frame *frame, uint64_t fs_base);
// A thread of the kernel that runs function, which never returns.
struct thread *thread_create_kernel(void (*function)(void));
_Noreturn void thread_exit(void);
void thread_release(struct thread *thread);
extern struct lock threads_lock;          // of the list of all threads; taken before those of run queues
struct thread *thread_find(int tid);      // with it held
unsigned threads_count(void);
bool thread_clock(int clock, uint64_t *ns);  // processor time of a thread by its clock's number; false if there is none
uint64_t threads_time(void);              // ns of processor time of all there ever were; with it held
void *stack_allocate(void);  // the end of a kernel stack with a guard page under it, or NULL
// Lists all threads on the console: for a machine that hangs.
void threads_print(void);

long sys_clone(unsigned long flags, uint64_t stack, int *parent_tid, int *child_tid, uint64_t tls, struct frame *frame);
long sys_clone3(const void *arguments, size_t size, struct frame *frame);

// ---- schedule.c --------------------------------------------------------------------------------------------------------------------------

void schedule_start(struct cpu *cpu, struct thread *idle);
_Noreturn void schedule_enter(struct thread *idle);  // from the boot stack to the first idle thread
void thread_switched(void);                         // entry.S calls it first on a new stack
void thread_start(struct thread *thread);
void thread_yield(void);
void thread_prepare(void);                          // from now on thread_wake works on the caller
enum wake_reason thread_sleep(uint64_t deadline);  // NEVER, or in the time of clock_now
bool thread_claim(struct thread *thread, enum wake_reason reason);  // false if it was awake already, or somebody was faster
void thread_resume(struct thread *thread);                          // what was claimed goes on
bool thread_wake(struct thread *thread, enum wake_reason reason);   // both; for a thread that takes itself out of what it is in
_Noreturn void schedule_last(void);                 // the caller runs no more
void schedule_tick(void);                           // the timer came
void schedule_if_due(void);
_Noreturn void idle_loop(void);

// ---- wait.c ------------------------------------------------------------------------------------------------------------------------------

struct wait_queue {
    struct thread *first, *last;
};

// Puts the caller to sleep in the queue; lock guards the queue and is held by the caller, before and after.
enum wake_reason wait_queue_wait(struct wait_queue *queue, struct lock *lock, uint64_t deadline);
// Sleeps until woken; false if a signal came.
bool wait_queue_sleep(struct wait_queue *queue, struct lock *lock);
// Wakes up to count sleepers, the first first; the caller holds the queue's lock.
unsigned wait_queue_wake(struct wait_queue *queue, unsigned count);
void waiters_add(struct wait_queue *queue, struct thread *thread);
void waiters_remove(struct thread *thread);

// ---- futex.c -----------------------------------------------------------------------------------------------------------------------------

long sys_futex(uint32_t *address, int operation, uint32_t value, uint64_t timeout, uint32_t *address2, uint32_t value3);
void futexes_start(void);
void futex_wake_one(uint32_t *address);

// ---- signal.c ----------------------------------------------------------------------------------------------------------------------------

enum { SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9, SIGSEGV = 11, SIGCHLD = 17, SIGSTOP = 19, SIGURG = 23,
       SIGWINCH = 28 };

// A fault of the instruction at frame: its handler runs next. Ends the machine if there is none.
void signal_fault(struct frame *frame, int number, int code, uint64_t address);
void signals_deliver(struct frame *frame);
bool signals_wanted(void);  // the current thread has one to take
long sys_rt_sigaction(int number, const void *action, void *old, size_t set_size);
long sys_rt_sigprocmask(int how, const uint64_t *set, uint64_t *old, size_t set_size);
long sys_rt_sigreturn(struct frame *frame);
long sys_sigaltstack(const void *stack, void *old);
long sys_tgkill(int group, int tid, int number);

#endif
