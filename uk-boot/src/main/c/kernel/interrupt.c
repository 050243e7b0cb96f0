// Interrupts for Java: each has a count, in a page that user code reads, and a wait ends as soon as a count is not the one that was seen. So
// none is lost, however late a thread looks.
#include "interrupt.h"
#include "cpu.h"
#include "memory.h"
#include "thread.h"

enum state { FREE, OPEN };

struct line {
    enum state state;
    enum uk_interrupt_kind kind;
    uint32_t number;  // of the global system interrupt
    bool masked;
};

// A thread in UK_WAIT is in one list for each interrupt that it waits for: these are its places there.
struct place {
    struct place *next, **link;
    struct thread *thread;
};

static struct lock lock = LOCK_INIT("interrupts");
static struct line lines[UK_INTERRUPTS];
static struct place *sleepers[UK_INTERRUPTS];
static volatile uint64_t *counts;
static uint64_t counts_address;

void interrupts_start(void) {
    void *page = pages_allocate_zeroed(0);
    long address = page ? map_physical(0, physical_of(page), PAGE_SIZE, PROT_READ, false) : -ENOMEM;
    if (address < 0) {
        machine_exit(EXIT_MEMORY, "no memory for the counts of interrupts");
    }
    counts = page;
    counts_address = (uint64_t) address;
}

uint64_t interrupt_counts_address(void) {
    return counts_address;
}

// With the lock held.
static void count_and_wake(unsigned handle) {
    __atomic_store_n(&counts[handle], counts[handle] + 1, __ATOMIC_RELEASE);
    for (struct place *place = sleepers[handle]; place; place = place->next) {
        thread_wake(place->thread, WAKE_EVENT);
    }
}

void interrupt_came(unsigned handle) {
    lock_acquire(&lock);
    struct line *line = &lines[handle];
    if (line->state == OPEN) {
        if (line->kind == UK_LINE_LEVEL && !line->masked) {
            line->masked = true;
            ioapic_mask(line->number, true);
        }
        count_and_wake(handle);
    }
    lock_release(&lock);
}

static long open_locked(enum uk_interrupt_kind kind, uint32_t number, unsigned *handle) {
    bool hardware_line = kind == UK_LINE_EDGE || kind == UK_LINE_LEVEL;
    unsigned free = UK_INTERRUPTS;
    for (unsigned i = UK_INTERRUPTS; i-- > 0;) {
        if (lines[i].state == FREE) {
            free = i;
        } else if (hardware_line && lines[i].number == number && (lines[i].kind == UK_LINE_EDGE || lines[i].kind == UK_LINE_LEVEL)) {
            return -EBUSY;
        }
    }
    if (free == UK_INTERRUPTS) {
        return -ENOSPC;
    }
    lines[free] = (struct line) {.state = OPEN, .kind = kind, .number = number};
    if (hardware_line && !ioapic_route(number, VECTOR_DEVICES + free, kind == UK_LINE_LEVEL, cpus[0].apic_id)) {
        lines[free].state = FREE;
        return -ENODEV;
    }
    *handle = free;
    return 0;
}

long sys_uk_interrupt_open(int kind, uint32_t number, struct uk_interrupt *to) {
    if (kind < UK_MESSAGE || kind > UK_SOFTWARE) {
        return -EINVAL;
    }
    unsigned handle = 0;
    lock_acquire(&lock);
    long error = open_locked((enum uk_interrupt_kind) kind, number, &handle);
    lock_release(&lock);
    if (error) {
        return error;
    }
    struct uk_interrupt result = {.handle = handle};
    if (kind == UK_MESSAGE) {
        result.message_address = 0xfee00000u | cpus[0].apic_id << 12;
        result.message_data = VECTOR_DEVICES + handle;
    }
    if (copy_out(to, &result, sizeof result)) {
        sys_uk_interrupt_close(handle);
        return -EFAULT;
    }
    return 0;
}

// Runs an operation on an open interrupt, with the lock held.
static long with_open(uint32_t handle, void (*operation)(struct line *, unsigned)) {
    if (handle >= UK_INTERRUPTS) {
        return -EINVAL;
    }
    lock_acquire(&lock);
    bool open = lines[handle].state == OPEN;
    if (open) {
        operation(&lines[handle], handle);
    }
    lock_release(&lock);
    return open ? 0 : -EINVAL;
}

static void close_line(struct line *line, unsigned handle) {
    (void) handle;
    if (line->kind == UK_LINE_EDGE || line->kind == UK_LINE_LEVEL) {
        ioapic_mask(line->number, true);
    }
    line->state = FREE;
}

static void unmask_line(struct line *line, unsigned handle) {
    (void) handle;
    if (line->masked) {
        line->masked = false;
        ioapic_mask(line->number, false);
    }
}

static void raise_line(struct line *line, unsigned handle) {
    (void) line;
    count_and_wake(handle);
}

long sys_uk_interrupt_close(uint32_t handle) {
    return with_open(handle, close_line);
}

long sys_uk_interrupt_unmask(uint32_t handle) {
    return with_open(handle, unmask_line);
}

long sys_uk_interrupt_raise(uint32_t handle) {
    return with_open(handle, raise_line);
}

static bool changed(const struct uk_wait *set, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (counts[set[i].handle] != set[i].seen) {
            return true;
        }
    }
    return false;
}

long sys_uk_wait(const struct uk_wait *user_set, unsigned count, int64_t deadline) {
    struct uk_wait set[UK_WAIT_LIMIT];
    struct place places[UK_WAIT_LIMIT];
    if (count > UK_WAIT_LIMIT) {
        return -EINVAL;
    }
    if (copy_in(set, user_set, count * sizeof *set)) {
        return -EFAULT;
    }
    for (unsigned i = 0; i < count; i++) {
        if (set[i].handle >= UK_INTERRUPTS) {
            return -EINVAL;
        }
    }
    lock_acquire(&lock);
    if (changed(set, count)) {
        lock_release(&lock);
        return 0;
    }
    if (deadline <= (int64_t) clock_now()) {
        lock_release(&lock);
        return -ETIMEDOUT;
    }
    thread_prepare();
    for (unsigned i = 0; i < count; i++) {
        struct place **head = &sleepers[set[i].handle];
        places[i] = (struct place) {.next = *head, .link = head, .thread = current_thread()};
        if (*head) {
            (*head)->link = &places[i].next;
        }
        *head = &places[i];
    }
    lock_release(&lock);
    enum wake_reason reason = thread_sleep(deadline == INT64_MAX ? NEVER : (uint64_t) deadline);
    lock_acquire(&lock);
    for (unsigned i = 0; i < count; i++) {
        *places[i].link = places[i].next;
        if (places[i].next) {
            places[i].next->link = places[i].link;
        }
    }
    bool came = changed(set, count);
    lock_release(&lock);
    return came ? 0 : reason == WAKE_TIMEOUT ? -ETIMEDOUT : -EINTR;
}
