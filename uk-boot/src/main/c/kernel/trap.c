// Exceptions, interrupts and what has to happen before user code goes on.
#include "trap.h"
#include "cpu.h"
#include "interrupt.h"
#include "memory.h"
#include "thread.h"

enum { SI_KERNEL = 0x80, SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRERR = 2, BUS_ADRALN = 1, FPE_INTDIV = 1, FPE_FLTINV = 7, ILL_ILLOPN = 2,
       TRAP_TRACE = 2 };
enum { FAULT_ERROR_WRITE = 2, FAULT_ERROR_FETCH = 16 };

extern const char copy_point[], copy_failed[];

static _Noreturn void out_of_memory(uint64_t address) {
    struct thread *thread = current_thread();
    if (machine.needed_bytes > machine.memory_bytes) {
        print("boot: this image needs %lu MiB of memory\n", machine.needed_bytes >> 20);
    }
    machine_exit(EXIT_MEMORY, "out of memory: thread %d (%s) touched 0x%lx, and no page is free of %lu MiB; give the machine more memory, or "
                 "the JVM a smaller heap (-Xmx)", thread->tid, thread->name, address, machine.memory_bytes >> 20);
}

static void page_fault(struct frame *frame) {
    uint64_t address;
    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    bool copying = frame->rip == (uint64_t) copy_point;
    if (!from_user(frame) && !copying) {
        console_break();
        print_frame(frame);
        panic("page fault of the kernel at 0x%lx, error %lx", address, frame->error);
    }
    enum fault_access access = (frame->error & FAULT_ERROR_FETCH) ? FAULT_EXECUTE : (frame->error & FAULT_ERROR_WRITE) ? FAULT_WRITE : FAULT_READ;
    enum fault_result result = address < USER_END ? fault_handle(address, access) : FAULT_UNMAPPED;
    if (result == FAULT_NO_MEMORY) {
        out_of_memory(address);
    }
    if (result == FAULT_DONE) {
        return;
    }
    if (copying) {
        frame->rip = (uint64_t) copy_failed;
    } else if (result == FAULT_BEYOND_FILE) {
        signal_fault(frame, SIGBUS, BUS_ADRERR, address);
    } else {
        signal_fault(frame, SIGSEGV, result == FAULT_UNMAPPED ? SEGV_MAPERR : SEGV_ACCERR, address);
    }
}

// A non-maskable interrupt: somebody wants to know why the machine hangs. It may have come to all processors, which speak one after the other.
static _Noreturn void tell_where(const struct frame *frame) {
    enum { OTHERS_NS = 200000000 };
    static uint32_t first, speaking;
    bool ends = !__atomic_exchange_n(&first, 1, __ATOMIC_SEQ_CST);
    console_break();
    while (__atomic_exchange_n(&speaking, 1, __ATOMIC_ACQUIRE)) {
        pause();
    }
    print_frame(frame);
    if (!ends) {
        __atomic_store_n(&speaking, 0, __ATOMIC_RELEASE);
        cpu_halt();
    }
    threads_print();
    __atomic_store_n(&speaking, 0, __ATOMIC_RELEASE);
    for (uint64_t end = clock_now() + OTHERS_NS; clock_now() < end;) {
        pause();
    }
    while (__atomic_exchange_n(&speaking, 1, __ATOMIC_ACQUIRE)) {
        pause();
    }
    panic("exception %lu, error %lx", frame->vector, frame->error);
}

static void exception(struct frame *frame) {
    if (frame->vector == VECTOR_PAGE_FAULT) {
        page_fault(frame);
        return;
    }
    if (frame->vector == VECTOR_NMI) {
        tell_where(frame);
    }
    if (!from_user(frame) || frame->vector == VECTOR_DOUBLE_FAULT || frame->vector == VECTOR_MACHINE_CHECK) {
        console_break();
        print_frame(frame);
        panic("exception %lu, error %lx", frame->vector, frame->error);
    }
    switch (frame->vector) {
    case VECTOR_DIVIDE: signal_fault(frame, SIGFPE, FPE_INTDIV, frame->rip); break;
    case VECTOR_DEBUG: signal_fault(frame, SIGTRAP, TRAP_TRACE, frame->rip); break;
    case VECTOR_BREAKPOINT: signal_fault(frame, SIGTRAP, SI_KERNEL, 0); break;
    case VECTOR_INVALID_OPCODE: signal_fault(frame, SIGILL, ILL_ILLOPN, frame->rip); break;
    case VECTOR_FLOATING_POINT:
    case VECTOR_SIMD: signal_fault(frame, SIGFPE, FPE_FLTINV, frame->rip); break;
    case VECTOR_ALIGNMENT: signal_fault(frame, SIGBUS, BUS_ADRALN, 0); break;
    default: signal_fault(frame, SIGSEGV, SI_KERNEL, 0); break;
    }
}

void trap(struct frame *frame) {
    if (frame->vector < 32) {
        exception(frame);
        return;
    }
    switch (frame->vector) {
    case VECTOR_TIMER:
        apic_end_interrupt();
        schedule_tick();
        break;
    case VECTOR_RESCHEDULE:
        apic_end_interrupt();
        this_cpu()->due = true;
        break;
    case VECTOR_FLUSH:
        apic_end_interrupt();
        cpus_serve();
        break;
    case VECTOR_STOP: cpu_halt();
    case VECTOR_SPURIOUS: break;
    default:
        if (frame->vector >= VECTOR_DEVICES && frame->vector < VECTOR_DEVICES + UK_INTERRUPTS) {
            interrupt_came((unsigned) frame->vector - VECTOR_DEVICES);
        }
        apic_end_interrupt();  // after a line of levels is masked: else it would come at once again
    }
}

void before_user(struct frame *frame) {
    schedule_if_due();
    if (signals_wanted()) {
        signals_deliver(frame);
    }
    // A return to an address that is not canonical would fault in the kernel (Intel SDM, SYSRET and IRET).
    if (frame->rip >= USER_END) {
        signal_fault(frame, SIGSEGV, SEGV_MAPERR, frame->rip);
    }
}

void print_frame(const struct frame *f) {
    print("rip %016lx  cs  %04lx  rflags %08lx  rsp %016lx  cpu %u\n", f->rip, f->cs, f->rflags, f->rsp, this_cpu()->index);
    print("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    print("rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
    print("r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
    print("r13 %016lx  r14 %016lx  r15 %016lx  error %lx\n", f->r13, f->r14, f->r15, f->error);
    if (!from_user(f)) {
        const uint64_t where[] = {f->rbp, f->rip};  // as a function has them on its stack
        backtrace(where);
    }
}
