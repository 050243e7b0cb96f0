// Threads come and go; their stacks.
#include "thread.h"
#include "memory.h"

enum { CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400, CLONE_SIGHAND = 0x800, CLONE_THREAD = 0x10000, CLONE_SETTLS = 0x80000,
       CLONE_PARENT_SETTID = 0x100000, CLONE_CHILD_CLEARTID = 0x200000, CLONE_CHILD_SETTID = 0x1000000 };
#define CLONE_NEEDED (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

enum { STACK_SLOT = 2 * KERNEL_STACK };  // the lower half is the guard
#define INITIAL_FLAGS 0x202              // interrupts on

extern const char thread_first[];

struct lock threads_lock = LOCK_INIT("threads");
static struct pool threads_pool = {.size = sizeof(struct thread)};
static struct thread *threads;
static unsigned count;
static int last_tid;
static uint64_t ended_time;  // of processors, by threads that are gone

static struct lock stacks_lock = LOCK_INIT("stacks");
static uint64_t stacks_used;
static void *stacks_free;  // a list through the last word of each

void *stack_allocate(void) {
    lock_acquire(&stacks_lock);
    char *end = stacks_free;
    if (end) {
        stacks_free = ((void **) end)[-1];
    } else {
        end = (char *) STACK_AREA + (stacks_used + 1) * STACK_SLOT;
        for (uint64_t at = 0; end && at < KERNEL_STACK; at += PAGE_SIZE) {
            void *page = pages_allocate(0);
            if (!page || !tables_map((uint64_t) end - KERNEL_STACK + at, physical_of(page), PAGE_SIZE, PTE_PRESENT | PTE_WRITE | PTE_GLOBAL | PTE_NX)) {
                end = NULL;  // pages that are mapped already stay in the slot, and the next try goes on with them
            }
        }
        stacks_used += end != NULL;
    }
    lock_release(&stacks_lock);
    return end;
}

static void stack_free(uint64_t end) {
    lock_acquire(&stacks_lock);
    ((void **) end)[-1] = stacks_free;
    stacks_free = (void *) end;
    lock_release(&stacks_lock);
}

static void *allocate_fpu(void) {
    uint32_t *area = pages_allocate_zeroed(fpu_bytes > PAGE_SIZE ? 1 : 0);
    if (area) {
        area[6] = 0x1f80;  // MXCSR: all exceptions masked
    }
    return area;
}

static struct thread *create(void) {
    void *stack = stack_allocate();
    if (!stack) {
        return NULL;
    }
    lock_acquire(&threads_lock);
    struct thread *thread = count < THREAD_LIMIT ? pool_allocate(&threads_pool) : NULL;
    if (thread) {
        count++;
        thread->tid = ++last_tid;
        thread->stack_end = (uint64_t) stack;
        thread->wake = WAKE_EVENT;
        thread->next = threads;
        threads = thread;
    }
    lock_release(&threads_lock);
    if (!thread) {
        stack_free((uint64_t) stack);
    }
    return thread;
}

// What switch_stacks takes from the stack: R15 to R12, RBP, RBX, and where to go on.
static void push_start(struct thread *thread, uint64_t below, void (*function)(void)) {
    uint64_t *stack = (uint64_t *) below - 7;
    memset(stack, 0, 6 * sizeof *stack);
    stack[3] = (uint64_t) function;  // R12
    stack[6] = (uint64_t) thread_first;
    thread->stack_pointer = (uint64_t) stack;
}

struct thread *thread_create(const struct frame *frame, uint64_t fs_base) {
    struct thread *thread = create();
    if (!thread) {
        return NULL;
    }
    thread->fpu = allocate_fpu();
    if (!thread->fpu) {
        thread_release(thread);
        return NULL;
    }
    thread->fs_base = fs_base;
    struct frame *copy = (struct frame *) (thread->stack_end - sizeof *copy);
    *copy = *frame;
    push_start(thread, (uint64_t) copy, NULL);
    return thread;
}

struct thread *thread_create_kernel(void (*function)(void)) {
    struct thread *thread = create();
    if (thread) {
        push_start(thread, thread->stack_end, function);
    }
    return thread;
}

void thread_release(struct thread *thread) {
    lock_acquire(&threads_lock);
    for (struct thread **link = &threads; *link; link = &(*link)->next) {
        if (*link == thread) {
            *link = thread->next;
            break;
        }
    }
    count--;
    ended_time += thread->processor_time;
    lock_release(&threads_lock);
    if (thread->fpu) {
        pages_free(thread->fpu, fpu_bytes > PAGE_SIZE ? 1 : 0);
    }
    stack_free(thread->stack_end);
    lock_acquire(&threads_lock);
    pool_free(&threads_pool, thread);
    lock_release(&threads_lock);
}

struct thread *thread_find(int tid) {
    struct thread *thread = threads;
    while (thread && thread->tid != tid) {
        thread = thread->next;
    }
    return thread;
}

uint64_t threads_time(void) {
    uint64_t sum = ended_time;
    for (struct thread *thread = threads; thread; thread = thread->next) {
        sum += thread->idle ? 0 : thread->processor_time;
    }
    return sum;
}

bool thread_clock(int clock, uint64_t *ns) {
    enum { OF_THREAD_USED = 6 };  // as pthread_getcpuclockid makes them: ~tid << 3, and this
    if (clock >= 0 || (clock & 7) != OF_THREAD_USED) {
        return false;
    }
    int tid = ~(clock >> 3);
    lock_acquire(&threads_lock);
    struct thread *thread = tid ? thread_find(tid) : current_thread();
    if (thread) {
        uint64_t started = thread->started, now = clock_now();  // its processor may start the next slice just now
        *ns = thread->processor_time + (thread->running && now > started ? now - started : 0);
    }
    lock_release(&threads_lock);
    return thread != NULL;
}

unsigned threads_count(void) {
    return count;
}

_Noreturn void thread_exit(void) {
    struct thread *thread = current_thread();
    if (thread->clear_tid) {
        uint32_t none = 0;
        if (!copy_out(thread->clear_tid, &none, sizeof none)) {
            futex_wake_one(thread->clear_tid);
        }
    }
    thread->ended = true;
    schedule_last();
}

void threads_print(void) {
    for (struct thread *t = threads; t; t = t->next) {
        const char *state = t->running ? "runs" : t->wake == WAKE_NONE ? "sleeps" : "waits to run";
        print("thread %d %-16s %s, cpu %u, %lu us\n", t->tid, t->name, state, t->cpu ? t->cpu->index : 0, t->processor_time / 1000);
    }
}

struct clone_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static long clone(const struct clone_arguments *c, const struct frame *frame) {
    if ((c->flags & CLONE_NEEDED) != CLONE_NEEDED || !c->stack || c->set_tid_size) {
        return -ENOSYS;  // processes are not what this is for
    }
    if ((c->flags & CLONE_SETTLS) && c->tls >= USER_END) {
        return -EPERM;  // WRMSR faults if it is not canonical
    }
    struct thread *parent = current_thread();
    struct frame start = *frame;
    start.rax = 0;
    start.vector = 0;
    start.rsp = c->stack + c->stack_size;
    struct thread *thread = thread_create(&start, (c->flags & CLONE_SETTLS) ? c->tls : parent->fs_base);
    if (!thread) {
        return -EAGAIN;
    }
    fpu_save(thread->fpu);  // the child starts with the parent's control words
    memcpy(thread->name, parent->name, sizeof thread->name);
    thread->signals_blocked = parent->signals_blocked;
    thread->clear_tid = (c->flags & CLONE_CHILD_CLEARTID) ? (uint32_t *) c->child_tid : NULL;
    int tid = thread->tid;
    bool told = (!(c->flags & CLONE_PARENT_SETTID) || !copy_out((void *) c->parent_tid, &tid, sizeof tid))
        && (!(c->flags & CLONE_CHILD_SETTID) || !copy_out((void *) c->child_tid, &tid, sizeof tid));
    if (!told) {
        thread_release(thread);
        return -EFAULT;
    }
    thread_start(thread);
    return tid;
}

long sys_clone(unsigned long flags, uint64_t stack, int *parent_tid, int *child_tid, uint64_t tls, struct frame *frame) {
    struct clone_arguments c = {.flags = flags & ~0xfful, .child_tid = (uint64_t) child_tid, .parent_tid = (uint64_t) parent_tid,
        .stack = stack, .tls = tls};
    return clone(&c, frame);
}

long sys_clone3(const void *arguments, size_t size, struct frame *frame) {
    struct clone_arguments c = {0};
    if (size < 64) {
        return -EINVAL;
    }
    if (copy_in(&c, arguments, MIN(size, sizeof c))) {
        return -EFAULT;
    }
    return c.stack ? clone(&c, frame) : -EINVAL;
}
