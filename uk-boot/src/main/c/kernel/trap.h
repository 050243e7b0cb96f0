// Exceptions and interrupts.
#ifndef UK_TRAP_H
#define UK_TRAP_H

#include "base.h"

// What entry.S leaves on the stack; the registers of whoever was interrupted.
struct frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector;
    uint64_t error;  // of the exception; for a system call, its number
    uint64_t rip, cs, rflags, rsp, ss;
};

enum {
    VECTOR_DIVIDE = 0, VECTOR_DEBUG = 1, VECTOR_NMI = 2, VECTOR_BREAKPOINT = 3, VECTOR_INVALID_OPCODE = 6, VECTOR_DOUBLE_FAULT = 8,
    VECTOR_PROTECTION = 13, VECTOR_PAGE_FAULT = 14, VECTOR_FLOATING_POINT = 16, VECTOR_ALIGNMENT = 17, VECTOR_MACHINE_CHECK = 18,
    VECTOR_SIMD = 19,
    VECTOR_TIMER = 32, VECTOR_RESCHEDULE = 33, VECTOR_FLUSH = 34, VECTOR_STOP = 35,
    VECTOR_DEVICES = 48,  // one for each handle of UK_INTERRUPT_OPEN
    VECTOR_SPURIOUS = 255,
    VECTOR_SYSCALL = 256  // not a vector: tells how the kernel was entered
};

static inline bool from_user(const struct frame *frame) {
    return (frame->cs & 3) != 0;
}

void trap(struct frame *frame);
void system_call(struct frame *frame);
extern uint64_t system_calls_unknown;  // that were asked for and are not there
// The last thing before user code goes on: signals, and whether another thread is due.
void before_user(struct frame *frame);

// Loads descriptor tables, stacks for exceptions, and the system-call entry of the processor that calls.
struct cpu;
void traps_load(struct cpu *cpu);
// The kernel stack that the processor starts with when it leaves user code.
void cpu_set_stack(struct cpu *cpu, uint64_t end);

void print_frame(const struct frame *frame);

#endif
