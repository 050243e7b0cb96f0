// Signals: handlers for faults of the instruction (implicit null checks of the JVM), and for signals that a thread sends to another.
// The frame on the user's stack is that of x86-64 Linux (signal(7), sigreturn(2); System V ABI for its alignment and the red zone).
#include "thread.h"
#include "memory.h"

enum { SIGNALS = 64, RED_ZONE = 128, SA_SIGINFO = 4, SA_RESTORER = 0x04000000, SA_ONSTACK = 0x08000000, SA_NODEFER = 0x40000000 };
#define SA_RESETHAND 0x80000000u
#define BIT(number) (1ul << ((number) - 1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
#define IGNORED_BY_DEFAULT (BIT(SIGCHLD) | BIT(SIGURG) | BIT(SIGWINCH))
#define SIG_DFL 0ul
#define SIG_IGN 1ul

struct action {
    uint64_t handler, flags, restorer, mask;
};

struct information {
    int number, error, code, padding;
    union {
        uint64_t address;
        struct {
            int sender, user;
        };
        uint8_t space[112];
    };
};

struct user_context {
    uint64_t flags, link;
    uint64_t stack_pointer, stack_flags, stack_size;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error, trap, old_mask, cr2, fpu, reserved[8];
    uint64_t mask;
};

struct signal_frame {
    uint64_t return_address;
    struct user_context context;
    struct information information;
};

// Words within the reserved bytes of the FXSAVE part, by which programs know that more follows.
struct fpu_mark {
    uint32_t magic, extended_bytes;
    uint64_t features;
    uint32_t bytes;
};
enum { FPU_MARK_OFFSET = 464, FPU_MAGIC1 = 0x46505853, FPU_MAGIC2 = 0x46505845, UC_FP_XSTATE = 1, UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4 };

#define FLAGS_OF_USER 0x50dd5ul  // AC OF DF TF SF ZF AF PF CF, and RF
#define FLAGS_ALWAYS 0x202ul

static struct lock actions_lock = LOCK_INIT("signals");
static struct action actions[SIGNALS + 1];

static _Noreturn void die(struct frame *frame, int number, int code, uint64_t address) {
    struct thread *thread = current_thread();
    print_frame(frame);
    machine_exit(EXIT_SIGNAL, "thread %d (%s) ended by signal %d, code %d, address 0x%lx, which has no handler", thread->tid, thread->name,
                 number, code, address);
}

// Writes the frame to the user's stack and makes the handler go on there. false if the stack cannot take it.
static bool enter_handler(struct frame *f, struct action *action, struct information *information, uint64_t error, uint64_t cr2) {
    struct thread *thread = current_thread();
    uint64_t fpu = ALIGN_DOWN(f->rsp - RED_ZONE - fpu_bytes - 4, 64ul);
    uint64_t at = ALIGN_DOWN(fpu - sizeof(struct signal_frame), 16ul) - 8;
    struct signal_frame s = {
        .return_address = action->restorer,
        .context = {.flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS, .r8 = f->r8, .r9 = f->r9, .r10 = f->r10, .r11 = f->r11, .r12 = f->r12,
            .r13 = f->r13, .r14 = f->r14, .r15 = f->r15, .rdi = f->rdi, .rsi = f->rsi, .rbp = f->rbp, .rbx = f->rbx, .rdx = f->rdx,
            .rax = f->rax, .rcx = f->rcx, .rsp = f->rsp, .rip = f->rip, .rflags = f->rflags, .cs = (uint16_t) f->cs, .ss = (uint16_t) f->ss,
            .error = error, .trap = f->vector == VECTOR_SYSCALL ? 0 : f->vector, .old_mask = thread->signals_blocked, .cr2 = cr2, .fpu = fpu,
            .mask = thread->signals_blocked},
        .information = *information};
    fpu_save(thread->fpu);
    struct fpu_mark mark = {FPU_MAGIC1, fpu_bytes + 4, fpu_features, fpu_bytes};
    memcpy((char *) thread->fpu + FPU_MARK_OFFSET, &mark, sizeof mark);
    uint32_t end_mark = FPU_MAGIC2;
    if (f->rsp < RED_ZONE + fpu_bytes + sizeof s + 128 || copy_out((void *) fpu, thread->fpu, fpu_bytes)
        || copy_out((void *) (fpu + fpu_bytes), &end_mark, sizeof end_mark) || copy_out((void *) at, &s, sizeof s)) {
        return false;
    }
    thread->signals_blocked |= action->mask | ((action->flags & SA_NODEFER) ? 0 : BIT(information->number));
    thread->signals_blocked &= ~UNBLOCKABLE;
    f->vector = 0;  // leave by IRET: all registers count
    f->rip = action->handler;
    f->rsp = at;
    f->rdi = (uint64_t) information->number;
    f->rsi = at + offsetof(struct signal_frame, information);
    f->rdx = at + offsetof(struct signal_frame, context);
    f->rax = 0;
    f->rflags &= ~0x500ul;  // DF, TF
    return true;
}

static struct action take_action(int number) {
    lock_acquire(&actions_lock);
    struct action action = actions[number];
    if (action.flags & SA_RESETHAND) {
        actions[number].handler = SIG_DFL;
    }
    lock_release(&actions_lock);
    return action;
}

void signal_fault(struct frame *frame, int number, int code, uint64_t address) {
    struct action action = take_action(number);
    struct information information = {.number = number, .code = code, .address = address};
    bool blocked = (current_thread()->signals_blocked & BIT(number)) != 0;
    // Bit 2 of a page fault's error code, which the JVM does not read, is set: the fault was user code's.
    if (blocked || action.handler <= SIG_IGN
        || !enter_handler(frame, &action, &information, frame->error, number == SIGSEGV || number == SIGBUS ? address : 0)) {
        die(frame, number, code, address);
    }
}

bool signals_wanted(void) {
    struct thread *thread = current_thread();
    return (__atomic_load_n(&thread->signals_pending, __ATOMIC_SEQ_CST) & ~thread->signals_blocked) != 0;
}

void signals_deliver(struct frame *frame) {
    struct thread *thread = current_thread();
    uint64_t ready = thread->signals_pending & ~thread->signals_blocked;
    while (ready) {
        int number = __builtin_ctzl(ready) + 1;
        ready &= ready - 1;
        __atomic_fetch_and(&thread->signals_pending, ~BIT(number), __ATOMIC_SEQ_CST);
        struct action action = take_action(number);
        if (action.handler == SIG_IGN || (action.handler == SIG_DFL && (BIT(number) & IGNORED_BY_DEFAULT))) {
            continue;
        }
        struct information information = {.number = number, .code = -6, .sender = 1};  // SI_TKILL
        if (action.handler == SIG_DFL || !enter_handler(frame, &action, &information, 0, 0)) {
            die(frame, number, -6, 0);
        }
        return;  // further ones when this handler is about to start, or has ended
    }
}

long sys_rt_sigaction(int number, const void *action, void *old, size_t set_size) {
    struct action next, previous;
    if (number < 1 || number > SIGNALS || set_size != 8 || (action && (BIT(number) & UNBLOCKABLE))) {
        return -EINVAL;
    }
    if (action && copy_in(&next, action, sizeof next)) {
        return -EFAULT;
    }
    if (action && (next.handler >= USER_END || (next.handler > SIG_IGN && !(next.flags & SA_RESTORER)))) {
        return -EINVAL;
    }
    lock_acquire(&actions_lock);
    previous = actions[number];
    if (action) {
        actions[number] = next;
    }
    lock_release(&actions_lock);
    return old && copy_out(old, &previous, sizeof previous) ? -EFAULT : 0;
}

long sys_rt_sigprocmask(int how, const uint64_t *set, uint64_t *old, size_t set_size) {
    struct thread *thread = current_thread();
    uint64_t previous = thread->signals_blocked, change;
    if (set_size != 8) {
        return -EINVAL;
    }
    if (set) {
        if (copy_in(&change, set, sizeof change)) {
            return -EFAULT;
        }
        switch (how) {
        case 0: change |= previous; break;
        case 1: change = previous & ~change; break;
        case 2: break;
        default: return -EINVAL;
        }
        thread->signals_blocked = change & ~UNBLOCKABLE;
    }
    return old && copy_out(old, &previous, sizeof previous) ? -EFAULT : 0;
}

long sys_rt_sigreturn(struct frame *f) {
    struct thread *thread = current_thread();
    struct user_context c;
    uint64_t at = f->rsp - 8;  // the handler's return took the address
    if (copy_in(&c, (void *) (at + offsetof(struct signal_frame, context)), sizeof c) || copy_in(thread->fpu, (void *) c.fpu, fpu_bytes)) {
        die(f, SIGSEGV, 0, at);
    }
    fpu_sanitize(thread->fpu);
    fpu_restore(thread->fpu);
    thread->signals_blocked = c.mask & ~UNBLOCKABLE;
    *f = (struct frame) {.r8 = c.r8, .r9 = c.r9, .r10 = c.r10, .r11 = c.r11, .r12 = c.r12, .r13 = c.r13, .r14 = c.r14, .r15 = c.r15,
        .rdi = c.rdi, .rsi = c.rsi, .rbp = c.rbp, .rbx = c.rbx, .rdx = c.rdx, .rax = c.rax, .rcx = c.rcx, .rsp = c.rsp, .rip = c.rip,
        .rflags = (c.rflags & FLAGS_OF_USER) | FLAGS_ALWAYS, .cs = f->cs, .ss = f->ss};
    return (long) c.rax;
}

long sys_sigaltstack(const void *stack, void *old) {
    struct {
        uint64_t pointer;
        int flags;
        uint64_t size;
    } none = {.flags = 2}, wanted;  // SS_DISABLE
    if (stack && copy_in(&wanted, stack, sizeof wanted)) {
        return -EFAULT;
    }
    if (stack && wanted.flags != none.flags) {
        return -ENOMEM;  // handlers run on the thread's own stack
    }
    return old && copy_out(old, &none, sizeof none) ? -EFAULT : 0;
}

long sys_tgkill(int group, int tid, int number) {
    if (number < 0 || number > SIGNALS || tid <= 0 || group <= 0) {
        return -EINVAL;
    }
    lock_acquire(&threads_lock);  // it may not end meanwhile
    struct thread *thread = thread_find(tid);
    bool found = thread && thread->fpu;
    if (found && number) {
        __atomic_fetch_or(&thread->signals_pending, BIT(number), __ATOMIC_SEQ_CST);
        // One that is blocked ends no sleep. A sleeper's mask stays as it is, and whoever is awake looks again before it sleeps.
        bool blocked = (thread->signals_blocked & BIT(number)) != 0;
        if ((blocked || !thread_wake(thread, WAKE_SIGNAL)) && thread->running && thread->cpu != this_cpu()) {
            apic_send(thread->cpu->apic_id, VECTOR_RESCHEDULE);
        }
    }
    lock_release(&threads_lock);
    return found ? 0 : -ESRCH;
}
