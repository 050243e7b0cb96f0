// A processor: its instructions that C lacks, and what the kernel keeps of each.
#ifndef UK_CPU_H
#define UK_CPU_H

#include "base.h"
#include "boot.h"
#include "heap.h"
#include "lock.h"

struct thread;

struct cpu {
    struct cpu *self;       // at GS:0
    uint64_t kernel_stack;  // end of the current thread's; entry.S knows this offset and the next
    uint64_t user_stack;
    struct thread *current;
    struct thread *idle_thread;
    struct thread *leaving;  // whose stack was left in the switch that is under way
    unsigned index;
    uint32_t apic_id;
    bool due;               // another thread should run; looked at before user code goes on
    bool idle;
    uint64_t slice_end;     // when the current thread has had its share
    uint64_t timer_at;      // what the timer is set to, 0 if it is not
    uint64_t flush_seen;    // the last of the flush requests that it has carried out
    struct lock run_lock;
    struct heap run_queue;  // by virtual run time
    unsigned run_count;
    uint64_t run_floor;     // least virtual run time of late: where newcomers start
    struct lock timer_lock;
    struct heap timers;     // by deadline
    uint64_t tss[16];
    uint64_t gdt[8];
} __attribute__((aligned(64)));

extern struct cpu cpus[CPU_LIMIT];

static inline struct cpu *this_cpu(void) {
    struct cpu *cpu;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(cpu));  // each time anew: a thread may be on another one after it slept
    return cpu;
}

static inline struct thread *current_thread(void) {
    struct thread *thread;
    __asm__ volatile("mov %%gs:%c1, %0" : "=r"(thread) : "i"(offsetof(struct cpu, current)));
    return thread;
}

static inline uint64_t read_msr(uint32_t number) {
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return low | (uint64_t) high << 32;
}

static inline void write_msr(uint32_t number, uint64_t value) {
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t) value), "d"((uint32_t) (value >> 32)) : "memory");
}

static inline uint64_t read_tsc(void) {
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low | (uint64_t) high << 32;
}

struct cpuid {
    uint32_t a, b, c, d;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t part) {
    struct cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(part));
    return r;
}

static inline uint8_t in8(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t in16(uint16_t port) {
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t in32(uint16_t port) {
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void out8(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out16(uint16_t port, uint16_t value) {
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out32(uint16_t port, uint32_t value) {
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void pause(void) {
    __asm__ volatile("pause" : : : "memory");
}

_Noreturn static inline void cpu_halt(void) {
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

// ---- cpu.c ------------------------------------------------------------------------------------------------------------------------------

extern uint32_t fpu_bytes;    // of a thread's floating-point and vector state, in XSAVE's standard form
extern uint64_t fpu_features;  // those bits of XCR0
extern bool smap_enabled;

// Makes this_cpu() that of the calling processor.
void cpu_claim(struct cpu *cpu);
// Turns on what the processor that calls can do. Says why and ends the machine if it lacks what is needed.
void cpu_enable(void);
void fpu_save(void *area);
void fpu_restore(const void *area);
// Makes a state that user code handed in one that XRSTOR takes.
void fpu_sanitize(void *area);

// ---- apic.c -----------------------------------------------------------------------------------------------------------------------------

void apic_start(void);
void apic_end_interrupt(void);
void apic_send(uint32_t apic_id, unsigned vector);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, unsigned page);
// Sets the timer of the processor; a deadline in the past comes at once, NO_TIMER turns it off.
#define NO_TIMER UINT64_MAX
void apic_set_timer(uint64_t deadline);
uint32_t apic_id_here(void);
// false if the machine has no such line.
bool ioapic_route(uint32_t line, unsigned vector, bool level, uint32_t apic_id);
void ioapic_mask(uint32_t line, bool masked);
void ioapic_add(uint64_t physical, uint32_t first_line);

// ---- smp.c ------------------------------------------------------------------------------------------------------------------------------

// Starts the processors that ACPI names; returns once they run. The first one, which calls, gets the thread that it has for idling.
void cpus_start(struct thread *first_idle);
// The calling processor is about to run user code again.
void cpus_leave_idle(void);
// Makes all other processors forget translations of from..to, and waits until they have.
void cpus_flush(uint64_t from, uint64_t to);
_Noreturn void start_further(void);  // boot.S calls it on each
// Carries out requests of others; called by whoever waits with interrupts off.
void cpus_serve(void);
// Stops all other processors for good.
void cpus_stop(void);

#endif
