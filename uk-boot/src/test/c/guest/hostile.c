// What a program may not get by handing in what the kernel would never have made, and the finer points of signals.
#include "conformance.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <uk4j/abi.h>

#define NOT_CANONICAL 0x8000000000000000ul
#define KERNEL_TEXT 0xffffffff80100000ul
#define FIRST_BEHIND_USER 0x7ffffffff000ul

// ---- Forged frames of signals --------------------------------------------------------------------------------------------------------------------

static int forged_register;
static greg_t forged_value;
static void (*forge)(ucontext_t *);

static void forge_frame(int number, siginfo_t *information, void *context) {
    (void) number, (void) information;
    forge(context);
}

static void return_with(void (*how)(ucontext_t *)) {
    struct sigaction action = {.sa_sigaction = forge_frame, .sa_flags = SA_SIGINFO};
    CHECK(!sigaction(SIGUSR2, &action, NULL));
    forge = how;
    raise(SIGUSR2);
}

static void set_register(ucontext_t *context) {
    context->uc_mcontext.gregs[forged_register] = forged_value;
}

static void return_with_register(int number, uint64_t value) {
    forged_register = number;
    forged_value = (greg_t) value;
    return_with(set_register);
}

// The extended state's header follows the 512 bytes of FXSAVE.
static void forge_vectors(ucontext_t *context) {
    uint8_t *state = (void *) context->uc_mcontext.fpregs;
    memset(state + 24, 0xff, 8);    // MXCSR and the mask of its bits
    memset(state + 512, 0xff, 64);  // all features, the compact form, bits that are reserved
}

static uint64_t flags_here(void) {
    uint64_t flags;
    __asm__ volatile("pushfq; pop %0" : "=r"(flags));
    return flags;
}

void test_frames(void) {
    CHECK(FAULTS(SIGSEGV, SEGV_MAPERR, return_with_register(REG_RIP, NOT_CANONICAL)));
    CHECK(FAULTS(SIGSEGV, SEGV_MAPERR, return_with_register(REG_RIP, KERNEL_TEXT)));
    CHECK(FAULTS(SIGSEGV, SEGV_MAPERR, return_with_register(REG_RIP, FIRST_BEHIND_USER)));
    CHECK(FAULTS(SIGSEGV, SEGV_MAPERR, return_with_register(REG_RIP, 0)));
    CHECK(FAULTS(SIGTRAP, TRAP_TRACE, return_with_register(REG_EFL, 0x302)));  // one step
    return_with_register(REG_EFL, 0x1a7202);  // IOPL, NT, VM, virtual interrupts
    CHECK((flags_here() & 0x1a7000) == 0);
    return_with_register(REG_EFL, 0);  // interrupts off
    CHECK(flags_here() & 0x200);
    return_with_register(REG_CSGSFS, 0x0010000000000008);  // the kernel's code and stack
    CHECK(FAULTS(SIGSEGV, SI_KERNEL, ({ __asm__ volatile("cli"); })));
    return_with(forge_vectors);
    uint32_t control = 0x1f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(control));
    for (volatile int i = 40; i < 64; i++) {
        CHECK(FAULTS(SIGSEGV, SEGV_MAPERR, return_with_register(REG_RIP, 1ul << i)));
    }
}

// ---- Threads that cannot be ------------------------------------------------------------------------------------------------------------------------

void test_clones(void) {
    static char stack[PAGE] __attribute__((aligned(16)));
    unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    void *end = stack + sizeof stack;
    CHECK(syscall(SYS_clone, flags | CLONE_SETTLS, end, NULL, NULL, NOT_CANONICAL) == -1 && errno == EPERM);
    CHECK(syscall(SYS_clone, flags | CLONE_SETTLS, end, NULL, NULL, KERNEL_TEXT) == -1 && errno == EPERM);
    CHECK(syscall(SYS_clone, flags | CLONE_PARENT_SETTID, end, 16, NULL, NULL) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_clone, flags | CLONE_PARENT_SETTID, end, KERNEL_TEXT, NULL, NULL) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_clone3, KERNEL_TEXT, 88) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_clone3, stack, 8) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_arch_prctl, 0x1002, NOT_CANONICAL) == -1 && errno == EPERM);
}

// Ports and memory of the kernel's own, though only part of an access goes there.
void test_ports(void) {
    static const unsigned bad[][2] = {{0x20, 1}, {0x21, 1}, {0x1f, 2}, {0x1d, 4}, {0x1e, 4}, {0xa1, 1}, {0x9f, 2}, {0x3f8, 1}, {0x3f7, 2}, {0x3f5, 4}, {0x3ff, 1}};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(syscall(UK_PORT_READ, bad[i][0], bad[i][1]) == -1 && errno == EPERM);
        CHECK(syscall(UK_PORT_WRITE, bad[i][0], bad[i][1], 0) == -1 && errno == EPERM);
    }
    CHECK(syscall(UK_PORT_READ, 0xffff, 2) == -1 && errno == EINVAL);
    CHECK(syscall(UK_PORT_READ, 0xffffffff, 1) == -1 && errno == EINVAL);
    CHECK(syscall(UK_PORT_READ, 0x70, 3) == -1 && errno == EINVAL);
    for (int i = 0; i < 20; i++) {  // more than there is: what cannot be told is not kept
        CHECK(syscall(UK_DMA_ALLOCATE, 32ul << 20, (size_t) PAGE, KERNEL_TEXT) == -1 && errno == EFAULT);
    }
}

// ---- Signals -----------------------------------------------------------------------------------------------------------------------------------------

static volatile sig_atomic_t taken;
static atomic_bool asleep;

static void count_signal(int number) {
    (void) number;
    taken++;
}

static void *sleep_with_signal_blocked(void *argument) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
    atomic_store(&asleep, true);
    struct timespec wait = {0, 300000000};
    *(bool *) argument = nanosleep(&wait, NULL) == 0;
    int before = taken;
    CHECK(!pthread_sigmask(SIG_UNBLOCK, &set, NULL));
    CHECK(taken == before + 1);  // it was kept
    return NULL;
}

void test_signals(void) {
    struct sigaction action = {.sa_handler = count_signal}, old;
    CHECK(!sigaction(SIGUSR1, &action, NULL));
    pthread_t thread;
    bool slept = false;
    CHECK(!pthread_create(&thread, NULL, sleep_with_signal_blocked, &slept));
    while (!atomic_load(&asleep)) {
        sched_yield();
    }
    struct timespec moment = {0, 50000000};
    CHECK(!nanosleep(&moment, NULL));
    CHECK(!pthread_kill(thread, SIGUSR1) && !pthread_join(thread, NULL));
    CHECK(slept);  // what is blocked ends no sleep
    action.sa_flags = (int) SA_RESETHAND;
    CHECK(!sigaction(SIGUSR1, &action, NULL) && !raise(SIGUSR1));
    CHECK(!sigaction(SIGUSR1, NULL, &old) && old.sa_handler == SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    CHECK(!raise(SIGUSR1) && taken == 2);
    CHECK(sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_tgkill, 1, 999999, SIGUSR1) == -1 && errno == ESRCH);
    CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, KERNEL_TEXT, NULL, 8) == -1 && errno == EFAULT);
}

// ---- Time-outs ---------------------------------------------------------------------------------------------------------------------------------------

// One thread sleeps with a time-out that comes just when another one wakes it, and then without any: nothing of the first may end the second.
enum { RACES = 2000 };

struct race {
    atomic_uint timed, endless;
};

static long futex(atomic_uint *word, int operation, unsigned value, const struct timespec *timeout) {
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

static void *sleep_twice(void *argument) {
    struct race *race = argument;
    for (unsigned i = 0; i < RACES; i++) {
        struct timespec soon = {0, 100000};
        while (atomic_load(&race->timed) == i && futex(&race->timed, FUTEX_WAIT, i, &soon) == 0) {
        }
        while (atomic_load(&race->endless) == i) {
            CHECK(futex(&race->endless, FUTEX_WAIT, i, NULL) == 0 || errno == EAGAIN);
        }
    }
    return NULL;
}

static void *wake_twice(void *argument) {
    struct race *race = argument;
    for (unsigned i = 0; i < RACES; i++) {
        double until = seconds() + 1e-4;
        while (seconds() < until) {
        }
        atomic_store(&race->timed, i + 1);
        futex(&race->timed, FUTEX_WAKE, 1, NULL);
        for (until = seconds() + 1e-4; seconds() < until;) {
        }
        atomic_store(&race->endless, i + 1);
        futex(&race->endless, FUTEX_WAKE, 1, NULL);
    }
    return NULL;
}

void test_timeouts(void) {
    static struct race races[2];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        CHECK(!pthread_create(&threads[i], NULL, i % 2 ? wake_twice : sleep_twice, &races[i / 2]));
    }
    for (int i = 0; i < 4; i++) {
        CHECK(!pthread_join(threads[i], NULL));
    }
}

// ---- Interrupts of levels ------------------------------------------------------------------------------------------------------------------------------

// The PIT's line is high for some 27 ms and low for as long. It comes once, though it stays high, and again when it is let.
void test_levels(void) {
    enum { PIT_LINE = 2, PIT_MODE = 0x43, PIT_COUNT = 0x40, SQUARE_WAVE = 0x36 };
    struct uk_info info;
    struct uk_interrupt line;
    CHECK(!syscall(UK_INFO, &info));
    CHECK(!syscall(UK_PORT_WRITE, PIT_MODE, 1, SQUARE_WAVE) && !syscall(UK_PORT_WRITE, PIT_COUNT, 1, 0) && !syscall(UK_PORT_WRITE, PIT_COUNT, 1, 0));
    CHECK(!syscall(UK_INTERRUPT_OPEN, UK_LINE_LEVEL, PIT_LINE, &line));
    const volatile uint64_t *count = (const volatile uint64_t *) info.interrupt_counts + line.handle;
    for (uint64_t i = 0; i < 5; i++) {
        struct uk_wait wait = {.handle = line.handle, .seen = i};
        CHECK(!syscall(UK_WAIT, &wait, 1, INT64_MAX));
        struct timespec moment = {0, 2000000};
        CHECK(!nanosleep(&moment, NULL));
        CHECK(*count == i + 1);
        CHECK(!syscall(UK_INTERRUPT_UNMASK, line.handle));
    }
    CHECK(!syscall(UK_INTERRUPT_CLOSE, line.handle));
}
