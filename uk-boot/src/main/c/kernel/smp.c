// Further processors: started by the INIT and start-up messages, stopped, and made to forget translations.
#include "cpu.h"
#include "lock.h"
#include "memory.h"
#include "tables.h"
#include "thread.h"
#include "trap.h"

enum { TRAMPOLINE = 0x8000, WAIT_NS = 1000000, WAIT_ROUNDS = 5000 };  // virtual processors of a busy host are slow to start

extern const char trampoline_start[], trampoline_end[], trampoline_root[], trampoline_stack[];
extern uint64_t boot_pml4[512];

static volatile unsigned online = 1;

// Requests to forget translations, one at a time. Whoever made one waits until each processor has carried it out, but for idle ones: those
// forget everything before they run user code again.
static struct lock flush_lock = LOCK_INIT("flush");
static volatile uint64_t generation;
static uint64_t flush_from, flush_to;

static void *in_trampoline(const char *symbol) {
    return (char *) direct(TRAMPOLINE) + (symbol - trampoline_start);
}

static void begin(struct cpu *cpu, struct thread *idle) {
    cpu_enable();
    traps_load(cpu);
    apic_start();
    schedule_start(cpu, idle);
}

// Where the trampoline leads, on the stack of the processor's idle thread.
_Noreturn void start_further(void) {
    struct cpu *cpu = &cpus[online];
    cpu_claim(cpu);
    begin(cpu, cpu->idle_thread);
    __atomic_store_n(&online, online + 1, __ATOMIC_SEQ_CST);
    idle_loop();
}

static bool start_one(struct cpu *cpu) {
    struct thread *idle = thread_create_kernel(NULL);
    if (!idle) {
        return false;
    }
    cpu->idle_thread = idle;
    uint64_t root = (uint64_t) boot_pml4 - KERNEL_BASE;
    memcpy(direct(TRAMPOLINE), trampoline_start, (size_t) (trampoline_end - trampoline_start));  // it changes itself
    memcpy(in_trampoline(trampoline_root), &root, sizeof root);
    memcpy(in_trampoline(trampoline_stack), &idle->stack_end, sizeof idle->stack_end);
    apic_send_init(cpu->apic_id);
    for (unsigned round = 0; round < WAIT_ROUNDS; round++) {
        if (round < 2) {
            apic_send_startup(cpu->apic_id, TRAMPOLINE / PAGE_SIZE);
        }
        uint64_t end = clock_now() + WAIT_NS;
        while (clock_now() < end) {
            if (__atomic_load_n(&online, __ATOMIC_SEQ_CST) > cpu->index) {
                return true;
            }
            pause();
        }
    }
    apic_send_init(cpu->apic_id);  // the trampoline goes: it must not come later
    return false;
}

void cpus_start(struct thread *first_idle) {
    uint32_t ids[CPU_LIMIT], here = apic_id_here();
    unsigned count = acpi_processors(ids, CPU_LIMIT);
    begin(&cpus[0], first_idle);
    cpus[0].apic_id = here;
    // The trampoline runs where it lies: the first 2 MiB show themselves, as long as processors start.
    pte_t *upper = pages_allocate_zeroed(0), *lower = pages_allocate_zeroed(0);
    if (!upper || !lower) {
        machine_exit(EXIT_MEMORY, "no memory for page tables");
    }
    lower[0] = PTE_PRESENT | PTE_WRITE | PTE_HUGE;
    upper[0] = physical_of(lower) | PTE_PRESENT | PTE_WRITE;
    boot_pml4[0] = physical_of(upper) | PTE_PRESENT | PTE_WRITE;
    for (unsigned i = 0; i < count && online < CPU_LIMIT; i++) {
        struct cpu *cpu = &cpus[online];
        if (ids[i] == here) {
            continue;
        }
        cpu->index = online;
        cpu->apic_id = ids[i];
        if (!start_one(cpu)) {
            print("boot: processor %u does not start; the machine runs without it\n", ids[i]);
            break;
        }
    }
    machine.cpus = online;
    boot_pml4[0] = 0;
    generation++;  // the others forget it when they leave idling
    tlb_flush_all();
    pages_free(upper, 0);
    pages_free(lower, 0);
}

void cpus_stop(void) {
    for (unsigned i = 0; i < machine.cpus; i++) {
        if (&cpus[i] != this_cpu()) {
            apic_send(cpus[i].apic_id, VECTOR_STOP);
        }
    }
}

void cpus_flush(uint64_t from, uint64_t to) {
    if (machine.cpus < 2) {
        return;
    }
    lock_acquire(&flush_lock);
    flush_from = from;
    flush_to = to;
    uint64_t wanted = __atomic_add_fetch(&generation, 1, __ATOMIC_SEQ_CST);
    struct cpu *self = this_cpu();
    self->flush_seen = wanted;
    uint64_t asked = 0;
    for (unsigned i = 0; i < machine.cpus; i++) {
        if (&cpus[i] != self && !__atomic_load_n(&cpus[i].idle, __ATOMIC_SEQ_CST)) {
            asked |= 1ul << i;
            apic_send(cpus[i].apic_id, VECTOR_FLUSH);
        }
    }
    for (unsigned i = 0; i < machine.cpus; i++) {
        while ((asked >> i & 1) && __atomic_load_n(&cpus[i].flush_seen, __ATOMIC_ACQUIRE) < wanted
               && !__atomic_load_n(&cpus[i].idle, __ATOMIC_ACQUIRE)) {
            pause();
        }
    }
    lock_release(&flush_lock);
}

void cpus_leave_idle(void) {
    struct cpu *cpu = this_cpu();
    __atomic_store_n(&cpu->idle, false, __ATOMIC_SEQ_CST);
    uint64_t wanted = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
    if (wanted != cpu->flush_seen) {
        tlb_flush_all();
        __atomic_store_n(&cpu->flush_seen, wanted, __ATOMIC_RELEASE);
    }
}

void cpus_serve(void) {
    struct cpu *cpu = this_cpu();
    uint64_t wanted = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
    if (wanted == cpu->flush_seen) {
        return;
    }
    bool one = !cpu->idle && wanted == cpu->flush_seen + 1;  // its maker waits for us, so the range is that of no other
    if (one) {
        tlb_flush_here(flush_from, flush_to);
    } else {
        tlb_flush_all();
    }
    __atomic_store_n(&cpu->flush_seen, wanted, __ATOMIC_RELEASE);
}
