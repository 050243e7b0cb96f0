// See host.h.
#define _GNU_SOURCE
#include "host.h"
#include "boot.h"
#include "lock.h"
#include "memory.h"
#include "thread.h"

// Of the C library, whose headers have the errors of base.h as macros.
typedef unsigned long pthread;
typedef union { char bytes[64]; long align; } pthread_object;
int pthread_create(pthread *thread, const void *attributes, void *(*function)(void *), void *argument);
int pthread_join(pthread thread, void **result);
int pthread_mutex_lock(pthread_object *mutex);
int pthread_mutex_unlock(pthread_object *mutex);
int pthread_cond_wait(pthread_object *condition, pthread_object *mutex);
int pthread_cond_broadcast(pthread_object *condition);
int sched_yield(void);
int usleep(unsigned us);
int fflush(void *stream);
_Noreturn void exit(int code);
long syscall(long number, ...);
int *__errno_location(void);
#define HOST_POOL_OBJECT 8

static void *back[5], *fail_back[5];
static bool catching;
static int code_caught;
static const char *failed_at;
static unsigned passed, failed;
char host_said[1024], host_console[4096];
size_t host_console_length;
volatile bool host_signal;
const char *host_bad_from, *host_bad_to;
uint64_t host_pages_total = 8192;
static long pages_used, objects_used;
static uint32_t random_state = 1;
static _Thread_local int locks_held;
static _Thread_local bool in_thread;
struct machine machine = {.command_line = "boot.exit_port=0xf4 quiet", .cpus = 3};
struct lock threads_lock = LOCK_INIT("threads");

// ---- Tests ------------------------------------------------------------------------------------------------------------------------------------

void host_fail(const char *file, int line, const char *what) {
    printf("FAILED %s:%d: %s\n", file, line, what);
    fflush(NULL);
    if (in_thread) {
        exit(1);  // nobody to go back to
    }
    failed_at = what;
    __builtin_longjmp(fail_back, 1);
}

void host_check_is(const char *file, int line, const char *what, long value, long wanted) {
    if (value != wanted) {
        printf("       %s is %ld, not %ld\n", what, value, wanted);
        host_fail(file, line, what);
    }
}

void host_run(const char *name, void (*test)(void)) {
    failed_at = NULL;
    host_bad_from = host_bad_to = NULL;
    host_signal = false;
    if (!__builtin_setjmp(fail_back)) {
        test();
    }
    if (failed_at) {
        printf("       in %s\n", name);
    }
    *(failed_at ? &failed : &passed) += 1;
}

int host_report(void) {
    printf("%u passed, %u failed\n", passed, failed);
    fflush(NULL);
    return failed != 0;
}

int host_ends(void (*function)(void *), void *argument) {
    catching = true;
    code_caught = -1;
    if (!__builtin_setjmp(back)) {
        function(argument);
    }
    catching = false;
    return code_caught;
}

static _Noreturn void end(int code, const char *pattern, va_list args) {
    format_args(host_said, sizeof host_said, pattern, args);
    code_caught = code;
    if (!catching) {
        printf("the machine ended: %s\n", host_said);
        exit(2);
    }
    __builtin_longjmp(back, 1);
}

void machine_exit(int code, const char *pattern, ...) {
    va_list args;
    va_start(args, pattern);
    end(code, pattern, args);
}

void panic(const char *pattern, ...) {
    va_list args;
    va_start(args, pattern);
    end(EXIT_PANIC, pattern, args);
}

bool host_has(const char *text, const char *part) {
    size_t length = strlen(part);
    for (; *text; text++) {
        if (!strncmp(text, part, length)) {
            return true;
        }
    }
    return false;
}

uint32_t host_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

void host_seed(uint32_t seed) {
    random_state = seed ? seed : 1;
}

long host_call(long number, long a, long b, long c, long d, long e) {
    long result = syscall(number, a, b, c, d, e);
    return result == -1 ? -*__errno_location() : result;
}

// ---- Memory -------------------------------------------------------------------------------------------------------------------------------------

void *pages_allocate(unsigned order) {
    void *block = aligned_alloc(PAGE_SIZE << order, PAGE_SIZE << order);
    __atomic_fetch_add(&pages_used, 1l << order, __ATOMIC_RELAXED);
    return block;
}

void *pages_allocate_zeroed(unsigned order) {
    return memset(pages_allocate(order), 0, PAGE_SIZE << order);
}

void pages_free(void *block, unsigned order) {
    __atomic_fetch_sub(&pages_used, 1l << order, __ATOMIC_RELAXED);
    free(block);
}

uint64_t pages_total(void) {
    return host_pages_total;
}

uint64_t pages_available(void) {
    return host_pages_total - (uint64_t) pages_used;
}

long host_pages_used(void) {
    return pages_used;
}

void *pool_allocate(struct pool *pool) {
    CHECK(pool->size % HOST_POOL_OBJECT == 0);
    CHECK(locks_held);
    __atomic_fetch_add(&objects_used, 1, __ATOMIC_RELAXED);
    return calloc(1, pool->size);
}

void pool_free(struct pool *pool, void *object) {
    (void) pool;
    CHECK(locks_held);
    __atomic_fetch_sub(&objects_used, 1, __ATOMIC_RELAXED);
    free(object);
}

long host_objects_used(void) {
    return objects_used;
}

static bool is_bad(const char *user, size_t bytes) {
    CHECK(!locks_held);
    return bytes && ((uint64_t) user < PAGE_SIZE || (user < host_bad_to && user + bytes > host_bad_from));
}

int copy_in(void *to, const void *user, size_t bytes) {
    return is_bad(user, bytes) ? -EFAULT : (memcpy(to, user, bytes), 0);
}

int copy_out(void *user, const void *from, size_t bytes) {
    return is_bad(user, bytes) ? -EFAULT : (memcpy(user, from, bytes), 0);
}

long copy_text_in(char *to, const char *user, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (is_bad(user + i, 1)) {
            return -EFAULT;
        }
        to[i] = user[i];
        if (!to[i]) {
            return (long) i;
        }
    }
    return -ENAMETOOLONG;
}

size_t areas_print(char *to, size_t size, uint64_t offset) {
    static const char text[] = "00400000-00401000 r-xp 00000000 00:00 0 /bin/java\n7fff0000-7fff1000 rw-p 00000000 00:00 0 [stack]\n";
    size_t part = offset < sizeof text - 1 ? MIN(size, sizeof text - 1 - offset) : 0;
    memcpy(to, text + MIN(offset, sizeof text), part);
    return part;
}

// ---- Locks, threads and the rest ------------------------------------------------------------------------------------------------------------------

void lock_acquire(struct lock *lock) {
    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
    locks_held++;
}

void lock_release(struct lock *lock) {
    locks_held--;
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

static pthread_object sleep_mutex, sleep_condition;
static unsigned sleepers;
static uint64_t wakes;

bool wait_queue_sleep(struct wait_queue *queue, struct lock *lock) {
    (void) queue;
    CHECK(locks_held == 1);
    pthread_mutex_lock(&sleep_mutex);
    lock_release(lock);
    sleepers++;
    for (uint64_t seen = wakes; wakes == seen && !host_signal;) {
        pthread_cond_wait(&sleep_condition, &sleep_mutex);
    }
    sleepers--;
    pthread_mutex_unlock(&sleep_mutex);
    lock_acquire(lock);
    return !host_signal;
}

unsigned wait_queue_wake(struct wait_queue *queue, unsigned count) {
    (void) queue;
    CHECK(locks_held);
    if (count) {
        pthread_mutex_lock(&sleep_mutex);
        wakes++;
        pthread_cond_broadcast(&sleep_condition);
        pthread_mutex_unlock(&sleep_mutex);
    }
    return 0;
}

void host_signal_all(void) {
    pthread_mutex_lock(&sleep_mutex);
    host_signal = true;
    pthread_cond_broadcast(&sleep_condition);
    pthread_mutex_unlock(&sleep_mutex);
}

unsigned host_sleepers(void) {
    pthread_mutex_lock(&sleep_mutex);
    unsigned count = sleepers;
    pthread_mutex_unlock(&sleep_mutex);
    return count;
}

static struct start {
    pthread thread;
    void (*function)(void *);
    void *argument;
} starts[16];
static unsigned started;

static void *run(void *argument) {
    const struct start *start = argument;
    in_thread = true;
    start->function(start->argument);
    return NULL;
}

void host_thread(void (*function)(void *), void *argument) {
    starts[started] = (struct start) {.function = function, .argument = argument};
    pthread_create(&starts[started].thread, NULL, run, &starts[started]);
    started++;
}

void host_join(void) {
    while (started) {
        pthread_join(starts[--started].thread, NULL);
    }
}

void host_sleep_ms(unsigned ms) {
    usleep(ms * 1000);
}

unsigned threads_count(void) {
    return 7;
}

uint64_t threads_time(void) {
    CHECK(locks_held);
    return 1230000000;
}

uint64_t clock_now(void) {
    return 5000000000;
}

uint64_t clock_wall(void) {
    return 1700000000ul * 1000000000;
}

void console_write(const char *text, size_t bytes) {
    size_t part = MIN(bytes, sizeof host_console - host_console_length);
    memcpy(host_console + host_console_length, text, part);
    host_console_length += part;
}

void random_fill(void *to, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        ((uint8_t *) to)[i] = (uint8_t) host_random();
    }
}

void random_add(const void *from, size_t bytes) {
    (void) from, (void) bytes;
}
