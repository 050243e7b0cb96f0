// What a processor needs before it can run user code: features on, descriptor tables, stacks, the way in for system calls.
#include "cpu.h"
#include "memory.h"
#include "thread.h"
#include "trap.h"

enum { CR4_UMIP = 1 << 11, CR4_OSXSAVE = 1 << 18, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21 };
enum { MSR_STAR = 0xc0000081u, MSR_LSTAR, MSR_CSTAR, MSR_FMASK, MSR_FS_BASE = 0xc0000100u, MSR_GS_BASE, MSR_KERNEL_GS_BASE };
enum { XCR0_X87_SSE_AVX = 0x7, XCR0_AVX512 = 0xe0 };
enum { SELECTOR_KERNEL_CODE = 0x08, SELECTOR_TSS = 0x30, GATE_INTERRUPT = 0x8e, GATE_USER = 0x60 };
#define FLAGS_CLEARED_BY_SYSCALL 0x47700  // AC NT IOPL DF IF TF

struct cpu cpus[CPU_LIMIT];
uint32_t fpu_bytes;
uint64_t fpu_features;
bool smap_enabled;

static struct gate {
    uint16_t offset_low, selector;
    uint8_t stack, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
} gates[256];

extern const char vector_table[];
extern const char enter_syscall[];

void cpu_claim(struct cpu *cpu) {
    cpu->self = cpu;
    write_msr(MSR_GS_BASE, (uint64_t) cpu);
    write_msr(MSR_KERNEL_GS_BASE, 0);
}

void cpu_enable(void) {
    uint32_t basic = cpuid(1, 0).c, extended = cpuid(7, 0).b, security = cpuid(7, 0).c;
    if (!(basic & (1u << 26)) || !(cpuid(13, 0).a & 4)) {
        machine_exit(EXIT_BOOT, "the processor has no XSAVE with AVX; give the machine one that has (QEMU: -cpu max, or Haswell and later)");
    }
    uint64_t cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    cr4 |= CR4_OSXSAVE;
    cr4 |= (extended & (1u << 7)) ? CR4_SMEP : 0;
    cr4 |= (extended & (1u << 20)) ? CR4_SMAP : 0;
    cr4 |= (security & (1u << 2)) ? CR4_UMIP : 0;
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
    uint32_t offered = cpuid(13, 0).a;
    fpu_features = XCR0_X87_SSE_AVX | ((offered & XCR0_AVX512) == XCR0_AVX512 ? XCR0_AVX512 : 0);
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t) fpu_features), "d"(0));
    fpu_bytes = cpuid(13, 0).b;  // for the features that are on now
    smap_enabled = (cr4 & CR4_SMAP) != 0;
}

void fpu_save(void *area) {
    __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
}

void fpu_restore(const void *area) {
    __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
}

void fpu_sanitize(void *area) {
    uint32_t *words = area;
    uint64_t *header = (uint64_t *) ((char *) area + 512);
    uint32_t mask = words[7] ? words[7] : 0xffbf;
    words[6] &= mask & 0xffff;  // MXCSR: reserved bits fault
    header[0] &= fpu_features;
    memset(header + 1, 0, 56);  // standard form, reserved words zero
}

static void set_gate(unsigned vector) {
    uint64_t entry = (uint64_t) vector_table + 16 * vector;
    unsigned stack = vector == VECTOR_NMI ? 1 : vector == VECTOR_DOUBLE_FAULT ? 2 : vector == VECTOR_MACHINE_CHECK ? 3 : 0;
    gates[vector] = (struct gate) {
        .offset_low = (uint16_t) entry, .selector = SELECTOR_KERNEL_CODE, .stack = (uint8_t) stack,
        .type = GATE_INTERRUPT | (vector == VECTOR_BREAKPOINT ? GATE_USER : 0), .offset_middle = (uint16_t) (entry >> 16),
        .offset_high = (uint32_t) (entry >> 32)};
}

static void load_tables(struct cpu *cpu) {
    uint64_t base = (uint64_t) cpu->tss, limit = sizeof cpu->tss - 1;
    cpu->gdt[0] = 0;
    cpu->gdt[1] = 0x00af9b000000ffff;
    cpu->gdt[2] = 0x00cf93000000ffff;
    cpu->gdt[3] = 0;                   // SYSRET wants the user's data and code in this order behind it
    cpu->gdt[4] = 0x00cff3000000ffff;
    cpu->gdt[5] = 0x00affb000000ffff;
    cpu->gdt[6] = limit | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 0xff) << 56;
    cpu->gdt[7] = base >> 32;
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) gdt = {sizeof cpu->gdt - 1, (uint64_t) cpu->gdt}, idt = {sizeof gates - 1, (uint64_t) gates};
    __asm__ volatile("lgdt %0" : : "m"(gdt));
    __asm__ volatile("lidt %0" : : "m"(idt));
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

static void set_stack(struct cpu *cpu, unsigned tss_offset, const void *end) {
    uint64_t value = (uint64_t) end;
    memcpy((char *) cpu->tss + tss_offset, &value, sizeof value);
}

void cpu_set_stack(struct cpu *cpu, uint64_t end) {
    cpu->kernel_stack = end;
    set_stack(cpu, 4, (const void *) end);
}

void traps_load(struct cpu *cpu) {
    for (unsigned vector = 0; vector < 256; vector++) {
        set_gate(vector);
    }
    for (unsigned stack = 0; stack < 3; stack++) {
        void *end = stack_allocate();
        if (!end) {
            machine_exit(EXIT_MEMORY, "no memory for the stacks of processor %u", cpu->index);
        }
        set_stack(cpu, 36 + 8 * stack, end);
    }
    cpu->tss[13] = 0;
    memcpy((char *) cpu->tss + 102, &(uint16_t) {sizeof cpu->tss}, 2);
    load_tables(cpu);
    write_msr(MSR_STAR, 0x001b0008ul << 32);
    write_msr(MSR_LSTAR, (uint64_t) enter_syscall);
    write_msr(MSR_FMASK, FLAGS_CLEARED_BY_SYSCALL);
}
