// Ways between user code and the kernel: exceptions, interrupts, system calls; the switch between threads; copies of user memory.
// struct frame (trap.h) is what they leave on the stack. GS is the kernel's own while it runs, by swapgs.

#define CPU_KERNEL_STACK 8       // struct cpu
#define CPU_USER_STACK 16
#define USER_DATA 0x23
#define USER_CODE 0x2b
#define FRAME_CS 144             // struct frame
#define VECTOR_SYSCALL 256
#define MSR_GS_BASE 0xc0000101

    .macro save_registers
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    .endm

    .macro restore_registers
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rbp
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rbx
    pop %rax
    .endm

    .text
// ---- 256 gates. Those without an error code push 0 in its place. -----------------------------------------------------------------------------
    .globl vector_table
    .balign 16
vector_table:
    .set vector, 0
    .rept 256
    .balign 16
    .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
    .else
    push $0
    .endif
    push $vector
    .if (vector == 2) || (vector == 8) || (vector == 18)
    jmp enter_exception_own_stack
    .else
    jmp enter_exception
    .endif
    .set vector, vector + 1
    .endr

enter_exception:
    save_registers
    cld
    cmpb $0, smap_enabled(%rip)
    je 2f
    clac                         // user code may have set AC, which SYSCALL clears and a gate does not
2:  testb $3, FRAME_CS(%rsp)
    jz 1f
    swapgs
1:  xor %ebp, %ebp               // an end for the backtrace
    mov %rsp, %rdi
    call trap
    testb $3, FRAME_CS(%rsp)
    jz leave_registers
    .globl leave_to_user
leave_to_user:                   // also the start of a new thread
    mov %rsp, %rdi
    call before_user
    cmpq $VECTOR_SYSCALL, 120(%rsp)
    je leave_by_sysret
    swapgs
leave_registers:
    restore_registers
    add $16, %rsp
    iretq

// NMI, double fault and machine check come at any instruction, those around swapgs included: whose GS it is, its sign tells.
enter_exception_own_stack:
    save_registers
    cld
    mov $MSR_GS_BASE, %ecx
    rdmsr
    xor %ebx, %ebx
    test %edx, %edx
    js 1f
    swapgs
    inc %ebx
1:  xor %ebp, %ebp
    mov %rsp, %rdi
    call trap
    test %ebx, %ebx
    jz leave_registers
    swapgs
    jmp leave_registers

// ---- System calls -----------------------------------------------------------------------------------------------------------------------------
    .globl enter_syscall
enter_syscall:
    swapgs
    mov %rsp, %gs:CPU_USER_STACK
    mov %gs:CPU_KERNEL_STACK, %rsp
    push $USER_DATA
    push %gs:CPU_USER_STACK
    push %r11
    push $USER_CODE
    push %rcx
    push %rax                    // the number, in place of an error code
    push $VECTOR_SYSCALL
    save_registers
    xor %ebp, %ebp
    mov %rsp, %rdi
    call system_call
    jmp leave_to_user

leave_by_sysret:                 // nothing changed the frame: RCX and R11 are RIP and RFLAGS; trap.c keeps RIP below USER_END
    restore_registers
    mov 16(%rsp), %rcx
    mov 32(%rsp), %r11
    mov 40(%rsp), %rsp
    swapgs
    sysretq

// ---- void switch_stacks(uint64_t *save, uint64_t next): RDI, RSI --------------------------------------------------------------------------------
    .globl switch_stacks
switch_stacks:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

// Where a new thread's stack returns to first. A thread of the kernel has its function in R12; others go to user code.
    .globl thread_first
thread_first:
    call thread_switched
    test %r12, %r12
    jz leave_to_user
    call *%r12
    ud2

// ---- int copy_user(void *to, const void *from, size_t bytes): one instruction that may fault; trap.c resumes at copy_failed -------------------
    .globl copy_user, copy_point, copy_failed
copy_user:
    mov %rdx, %rcx
    cmpb $0, smap_enabled(%rip)
    jne 1f
copy_point:
    rep movsb
    xor %eax, %eax
    ret
1:  stac
    call copy_point
    clac
    ret
copy_failed:
    mov $-14, %eax               // -EFAULT
    ret

    .section .note.GNU-stack, "", @progbits
