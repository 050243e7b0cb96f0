// Who runs where: a run queue for each processor, the thread with the least virtual run time first. A sleeper comes back a little ahead of the
// others. A processor with nothing to do takes from its neighbours. Deadlines of sleepers are in a queue of the processor that they slept on.
#include "thread.h"

extern void switch_stacks(uint64_t *save, uint64_t next);

enum { SLICE_NS = 4000000, BONUS_NS = 2000000 };

// Sets the timer to what is due first, if that is before what it is set to: a tick that comes early does no harm, and costs less than an exit to
// the hypervisor at every switch.
static void arm_timer(struct cpu *cpu, uint64_t now) {
    lock_acquire(&cpu->timer_lock);
    uint64_t at = cpu->timers.top ? cpu->timers.top->key : NEVER;
    if (!cpu->current->idle) {
        at = MIN(at, cpu->slice_end);
    }
    if (at < cpu->timer_at) {
        cpu->timer_at = at;
        apic_set_timer(MAX(at, now + 1));
    }
    lock_release(&cpu->timer_lock);
}

static void kick(struct cpu *cpu) {
    if (cpu == this_cpu()) {
        cpu->due = true;
    } else {
        apic_send(cpu->apic_id, VECTOR_RESCHEDULE);
    }
}

// Puts a thread in the queue of a processor. It may still be on its way out of another.
static void enqueue(struct cpu *cpu, struct thread *thread, uint64_t bonus) {
    lock_acquire(&cpu->run_lock);
    uint64_t least = cpu->run_floor > bonus ? cpu->run_floor - bonus : 0;
    // Virtual times of two queues do not compare.
    thread->virtual_time = thread->cpu == cpu ? MAX(thread->virtual_time, least) : least;
    thread->cpu = cpu;
    thread->run.key = thread->virtual_time;
    heap_insert(&cpu->run_queue, &thread->run);
    __atomic_store_n(&cpu->run_count, cpu->run_count + 1, __ATOMIC_RELAXED);
    struct thread *current = cpu->current;
    bool preempt = cpu->idle || current->idle || current->virtual_time > thread->virtual_time + BONUS_NS;
    lock_release(&cpu->run_lock);
    if (preempt) {
        kick(cpu);
    }
}

static struct cpu *choose_cpu(struct cpu *last) {
    if (last->idle && !last->run_count) {
        return last;
    }
    struct cpu *best = last;
    for (unsigned i = 0; i < machine.cpus; i++) {
        if (cpus[i].idle && !cpus[i].run_count) {
            return &cpus[i];
        }
        if (cpus[i].run_count + 1 < best->run_count) {
            best = &cpus[i];
        }
    }
    return best;
}

static struct thread *take_from(struct cpu *cpu) {
    if (!__atomic_load_n(&cpu->run_count, __ATOMIC_RELAXED)) {
        return NULL;
    }
    struct thread *thread = NULL;
    lock_acquire(&cpu->run_lock);
    if (cpu->run_queue.top) {
        thread = CONTAINER_OF(cpu->run_queue.top, struct thread, run);
        heap_remove(&cpu->run_queue, &thread->run);
        __atomic_store_n(&cpu->run_count, cpu->run_count - 1, __ATOMIC_RELAXED);
        cpu->run_floor = MAX(cpu->run_floor, thread->virtual_time);
    }
    lock_release(&cpu->run_lock);
    return thread;
}

static struct thread *pick(struct cpu *cpu) {
    struct thread *thread = take_from(cpu);
    for (unsigned i = 1; !thread && i < machine.cpus; i++) {
        struct cpu *other = &cpus[(cpu->index + i) % machine.cpus];
        thread = take_from(other);
        if (thread) {
            thread->virtual_time = cpu->run_floor;
        }
    }
    return thread;
}

static void charge(struct thread *thread, uint64_t now) {
    uint64_t used = now - thread->started;
    thread->started = now;
    thread->virtual_time += used;
    thread->processor_time += used;
}

// The first thing that a thread does on its own stack when it gets the processor: the one before has left its own.
void thread_switched(void) {
    struct thread *previous = this_cpu()->leaving;
    if (previous->ended) {
        thread_release(previous);
    } else {
        __atomic_store_n(&previous->running, false, __ATOMIC_RELEASE);
    }
}

static void switch_to(struct cpu *cpu, struct thread *next, uint64_t now) {
    struct thread *previous = cpu->current;
    // Woken before it has left another processor. To wait for that here could be for ever, if that one waits for our thread to leave; so
    // only idle threads wait.
    if (next != previous && !previous->idle && __atomic_load_n(&next->running, __ATOMIC_ACQUIRE)) {
        enqueue(cpu, next, 0);
        next = cpu->idle_thread;
    }
    cpu->due = false;
    next->started = now;
    cpu->slice_end = now + SLICE_NS;
    if (next == previous) {
        arm_timer(cpu, now);
        return;
    }
    while (__atomic_load_n(&next->running, __ATOMIC_ACQUIRE)) {
        cpus_serve();
        pause();
    }
    next->running = true;
    next->cpu = cpu;
    if (previous->fpu) {
        fpu_save(previous->fpu);
    }
    cpu->current = next;
    if (next->idle) {
        cpu->idle = true;
    } else if (previous->idle) {
        cpus_leave_idle();
    }
    cpu_set_stack(cpu, next->stack_end);
    if (next->fpu) {
        fpu_restore(next->fpu);
        write_msr(0xc0000100, next->fs_base);
    }
    arm_timer(cpu, now);
    cpu->leaving = previous;
    switch_stacks(&previous->stack_pointer, next->stack_pointer);
    thread_switched();
}

// The current thread goes on later, when it has been woken, or (idle) when there is nothing else.
static void leave_processor(void) {
    struct cpu *cpu = this_cpu();
    uint64_t now = clock_now();
    charge(cpu->current, now);
    struct thread *next = pick(cpu);
    switch_to(cpu, next ? next : cpu->idle_thread, now);
}

void thread_yield(void) {
    struct cpu *cpu = this_cpu();
    struct thread *thread = cpu->current;
    uint64_t now = clock_now();
    charge(thread, now);
    struct thread *next = pick(cpu);
    if (!next) {
        cpu->due = false;
        cpu->slice_end = now + SLICE_NS;
        arm_timer(cpu, now);
        return;
    }
    thread->virtual_time = MAX(thread->virtual_time, next->virtual_time);
    enqueue(cpu, thread, BONUS_NS);
    switch_to(cpu, next, now);
}

void schedule_if_due(void) {
    struct cpu *cpu = this_cpu();
    if (!cpu->due) {
        return;
    }
    cpu->due = false;
    uint64_t now = clock_now();
    charge(cpu->current, now);
    struct heap_node *first = cpu->run_queue.top;  // without the lock: a hint
    uint64_t margin = now >= cpu->slice_end ? 0 : BONUS_NS;
    if (first && first->key + margin < cpu->current->virtual_time) {
        struct thread *thread = cpu->current, *next = take_from(cpu);
        if (next) {
            enqueue(cpu, thread, BONUS_NS);
            switch_to(cpu, next, now);
            return;
        }
    }
    if (now >= cpu->slice_end) {
        cpu->slice_end = now + SLICE_NS;
    }
    arm_timer(cpu, now);
}

void schedule_tick(void) {
    struct cpu *cpu = this_cpu();
    uint64_t now = clock_now();
    for (;;) {
        lock_acquire(&cpu->timer_lock);
        struct heap_node *first = cpu->timers.top;
        if (!first || first->key > now) {
            break;
        }
        struct thread *thread = CONTAINER_OF(first, struct thread, timer);
        heap_remove(&cpu->timers, first);
        // It is claimed before it can see that its timer is gone: later it may be in another sleep, or no more.
        bool claimed = thread_claim(thread, WAKE_TIMEOUT);
        __atomic_store_n(&thread->timer_cpu, NULL, __ATOMIC_RELEASE);
        lock_release(&cpu->timer_lock);
        if (claimed) {
            thread_resume(thread);
        }
    }
    lock_release(&cpu->timer_lock);
    cpu->timer_at = NEVER;
    arm_timer(cpu, now);
    if (now >= cpu->slice_end) {
        cpu->due = true;  // before_user starts the next slice
    }
}

void thread_prepare(void) {
    __atomic_store_n(&current_thread()->wake, WAKE_NONE, __ATOMIC_SEQ_CST);
}

static void timer_add(struct thread *thread, uint64_t deadline) {
    struct cpu *cpu = this_cpu();
    lock_acquire(&cpu->timer_lock);
    thread->timer.key = deadline;
    thread->timer_cpu = cpu;
    heap_insert(&cpu->timers, &thread->timer);
    lock_release(&cpu->timer_lock);
}

static void timer_remove(struct thread *thread) {
    struct cpu *cpu = __atomic_load_n(&thread->timer_cpu, __ATOMIC_ACQUIRE);
    if (!cpu) {
        return;
    }
    lock_acquire(&cpu->timer_lock);
    if (thread->timer_cpu) {
        heap_remove(&cpu->timers, &thread->timer);
        thread->timer_cpu = NULL;
    }
    lock_release(&cpu->timer_lock);
}

enum wake_reason thread_sleep(uint64_t deadline) {
    struct thread *thread = current_thread();
    // Signals that came before thread_prepare would else be slept over; one that comes later wakes.
    if (signals_wanted() && thread_wake(thread, WAKE_SIGNAL)) {
        leave_processor();
        return WAKE_SIGNAL;
    }
    if (deadline != NEVER) {
        timer_add(thread, deadline);
    }
    leave_processor();
    if (deadline != NEVER) {
        timer_remove(thread);
    }
    return thread->wake;
}

bool thread_claim(struct thread *thread, enum wake_reason reason) {
    uint32_t none = WAKE_NONE;
    return __atomic_compare_exchange_n(&thread->wake, &none, reason, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void thread_resume(struct thread *thread) {
    enqueue(choose_cpu(thread->cpu), thread, BONUS_NS);
}

bool thread_wake(struct thread *thread, enum wake_reason reason) {
    if (!thread_claim(thread, reason)) {
        return false;
    }
    thread_resume(thread);
    return true;
}

void thread_start(struct thread *thread) {
    enqueue(choose_cpu(this_cpu()), thread, 0);
}

_Noreturn void schedule_last(void) {
    leave_processor();
    panic("a thread that had ended runs");
}

void schedule_start(struct cpu *cpu, struct thread *idle) {
    cpu->run_lock.name = "run queue";
    cpu->timer_lock.name = "timers";
    cpu->timer_at = NEVER;
    cpu->idle_thread = cpu->current = idle;
    cpu->idle = idle->idle = idle->running = true;
    idle->cpu = cpu;
    cpu_set_stack(cpu, idle->stack_end);
}

_Noreturn void idle_loop(void) {
    for (;;) {
        struct cpu *cpu = this_cpu();
        struct thread *next = pick(cpu);
        if (next) {
            switch_to(cpu, next, clock_now());
        } else {
            cpu->due = false;
            __asm__ volatile("sti; hlt; cli" : : : "memory");
        }
    }
}

_Noreturn void schedule_enter(struct thread *idle) {
    struct cpu *cpu = this_cpu();
    cpu->leaving = cpu->current;
    cpu->current = idle;
    switch_stacks(&cpu->leaving->stack_pointer, idle->stack_pointer);
    panic("the boot stack was entered again");
}
