// System calls: the table, the small ones, and what Java may ask of hardware. docs/boot.md lists them with what differs from Linux.
#include "cpu.h"
#include "file.h"
#include "hardware.h"
#include "interrupt.h"
#include "memory.h"
#include "thread.h"
#include "time.h"
#include "trap.h"

enum { AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100 };
enum { PR_SET_NAME = 15, PR_GET_NAME = 16, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003 };
enum { CALL_LIMIT = 512, SIGRETURN = 15, SYSTEM_STRING = 65 };

#define A0 (frame->rdi)
#define A1 (frame->rsi)
#define A2 (frame->rdx)
#define A3 (frame->r10)
#define A4 (frame->r8)
#define A5 (frame->r9)

static long call_uname(void *to) {
    static const char *const texts[] = {"Linux", "uk4j", "6.1.0-uk4j", "1", "x86_64", "(none)"};  // glibc wants a kernel of 3.2 or later
    char names[6][SYSTEM_STRING] = {{0}};
    for (unsigned i = 0; i < COUNT_OF(texts); i++) {
        format(names[i], SYSTEM_STRING, "%s", texts[i]);
    }
    return copy_out(to, names, sizeof names);
}

static long call_sysinfo(void *to) {
    struct {
        int64_t uptime;
        uint64_t loads[3], total, available, shared, buffered, swap_total, swap_free;
        uint16_t processes, pad;
        uint64_t high_total, high_free;
        uint32_t unit;
        char fill[4];
    } info = {.uptime = (int64_t) (clock_now() / 1000000000), .total = pages_total() * PAGE_SIZE, .available = pages_available() * PAGE_SIZE,
        .processes = (uint16_t) threads_count(), .unit = 1};
    return copy_out(to, &info, sizeof info);
}

static long call_prlimit(int resource, const void *next, void *old) {
    enum { STACK = 3, PROCESSES = 6, FILES = 7 };
    uint64_t limit[2] = {~0ul, ~0ul};
    if (resource == STACK) {
        limit[0] = 8 << 20;
    } else if (resource == PROCESSES) {
        limit[0] = limit[1] = THREAD_LIMIT;
    } else if (resource == FILES) {
        limit[0] = limit[1] = 1024;
    }
    if (next) {
        return -EPERM;
    }
    return old ? copy_out(old, limit, sizeof limit) : 0;
}

static long call_prctl(int operation, char *text) {
    char *name = current_thread()->name;
    switch (operation) {
    case PR_SET_NAME: {
        char next[16];
        long length = copy_text_in(next, text, sizeof next);
        if (length == -ENAMETOOLONG) {
            next[15] = 0;
        } else if (length < 0) {
            return length;
        }
        memcpy(name, next, sizeof next);
        return 0;
    }
    case PR_GET_NAME: return copy_out(text, name, 16);
    default: return -EINVAL;
    }
}

static long call_arch_prctl(int operation, uint64_t address) {
    struct thread *thread = current_thread();
    switch (operation) {
    case ARCH_SET_FS:
        if (address >= USER_END) {
            return -EPERM;
        }
        thread->fs_base = address;
        write_msr(0xc0000100, address);
        return 0;
    case ARCH_GET_FS: return copy_out((void *) address, &thread->fs_base, sizeof thread->fs_base);
    default: return -EINVAL;
    }
}

static long call_getaffinity(size_t size, void *to) {
    uint64_t mask = machine.cpus >= 64 ? ~0ul : (1ul << machine.cpus) - 1;
    return size < sizeof mask || size % 8 ? -EINVAL : copy_out(to, &mask, sizeof mask) ? -EFAULT : (long) sizeof mask;
}

static long call_getcpu(uint32_t *cpu, uint32_t *node) {
    uint32_t index = this_cpu()->index, zero = 0;
    return (cpu && copy_out(cpu, &index, sizeof index)) || (node && copy_out(node, &zero, sizeof zero)) ? -EFAULT : 0;
}

static long call_getrusage(int who, void *to) {
    uint64_t usage[18] = {0}, ns = 0;
    lock_acquire(&threads_lock);
    ns = who == 1 ? current_thread()->processor_time : threads_time();
    lock_release(&threads_lock);
    usage[0] = ns / 1000000000;
    usage[1] = ns % 1000000000 / 1000;
    return copy_out(to, usage, sizeof usage);
}

static long call_getrandom(char *to, size_t bytes) {
    char part[256];
    bytes = MIN(bytes, 1ul << 20);
    for (size_t done = 0; done < bytes; done += sizeof part) {
        size_t size = MIN(sizeof part, bytes - done);
        random_fill(part, size);
        if (copy_out(to + done, part, size)) {
            return -EFAULT;
        }
    }
    memset(part, 0, sizeof part);
    return (long) bytes;
}

static long call_set_tid_address(uint32_t *address) {
    current_thread()->clear_tid = address;
    return current_thread()->tid;
}

uint64_t system_calls_unknown;

// Each number that nobody serves is named once, and all are counted.
static long unknown(unsigned number) {
    __atomic_fetch_add(&system_calls_unknown, 1, __ATOMIC_RELAXED);
    static uint64_t named[CALL_LIMIT / 64];
    if (number < CALL_LIMIT && !(__atomic_fetch_or(&named[number / 64], 1ul << number % 64, __ATOMIC_RELAXED) >> number % 64 & 1)) {
        print("boot: system call %u is not there (thread %d, %s)\n", number, current_thread()->tid, current_thread()->name);
    }
    return -ENOSYS;
}

static _Noreturn void exit_program(int code) {
    if (code > EXIT_LIMIT) {
        print("boot: the program ended with exit code %d; the machine's is %d\n", code, EXIT_LIMIT);
    }
    machine_end(MIN(code, EXIT_LIMIT), false);
}

static long serve_linux(struct frame *frame) {
    switch (frame->error) {
    case 0: return sys_read((int) A0, (void *) A1, A2);
    case 1: return sys_write((int) A0, (const void *) A1, A2);
    case 2: return sys_openat(AT_FDCWD, (const char *) A0, (int) A1, (int) A2);
    case 3: return sys_close((int) A0);
    case 4: return sys_newfstatat(AT_FDCWD, (const char *) A0, (void *) A1, 0);
    case 5: return sys_fstat((int) A0, (void *) A1);
    case 6: return sys_newfstatat(AT_FDCWD, (const char *) A0, (void *) A1, AT_SYMLINK_NOFOLLOW);
    case 8: return sys_lseek((int) A0, (int64_t) A1, (int) A2);
    case 9: return sys_mmap(A0, A1, (int) A2, (int) A3, (int) A4, A5);
    case 10: return sys_mprotect(A0, A1, (int) A2);
    case 11: return sys_munmap(A0, A1);
    case 12: return sys_brk(A0);
    case 13: return sys_rt_sigaction((int) A0, (const void *) A1, (void *) A2, A3);
    case 14: return sys_rt_sigprocmask((int) A0, (const uint64_t *) A1, (uint64_t *) A2, A3);
    case SIGRETURN: return sys_rt_sigreturn(frame);
    case 16: return sys_ioctl((int) A0, A1, (void *) A2);
    case 17: return sys_pread64((int) A0, (void *) A1, A2, A3);
    case 18: return sys_pwrite64((int) A0, (const void *) A1, A2, A3);
    case 19: return sys_readv((int) A0, (const void *) A1, (int) A2);
    case 20: return sys_writev((int) A0, (const void *) A1, (int) A2);
    case 21: return sys_faccessat(AT_FDCWD, (const char *) A0, (int) A1);
    case 22: return sys_pipe2((int *) A0, 0);
    case 24: thread_yield(); return 0;
    case 25: return -ENOMEM;              // mremap: realloc copies instead
    case 27: return sys_mincore(A0, A1, (unsigned char *) A2);
    case 28: return sys_madvise(A0, A1, (int) A2);
    case 32: return sys_dup((int) A0);
    case 33: return sys_dup3((int) A0, (int) A1, -1);
    case 35: return sys_clock_nanosleep(1, 0, (const void *) A0, (void *) A1);
    case 39: return 1;                    // getpid
    case 41: return -EAFNOSUPPORT;        // socket: the network is Java's
    case 56: return sys_clone(A0, A1, (int *) A2, (int *) A3, A4, frame);
    case 60: thread_exit();
    case 63: return call_uname((void *) A0);
    case 72: return sys_fcntl((int) A0, (int) A1, (long) A2);
    case 74: case 75: return sys_fsync((int) A0);  // and fdatasync
    case 76: return -EROFS;               // truncate
    case 77: return sys_ftruncate((int) A0, A1);
    case 79: return sys_getcwd((char *) A0, A1);
    case 80: return sys_chdir((const char *) A0);
    case 82: return sys_renameat(AT_FDCWD, (const char *) A0, AT_FDCWD, (const char *) A1);
    case 83: return sys_mkdirat(AT_FDCWD, (const char *) A0, (int) A1);
    case 84: return sys_unlinkat(AT_FDCWD, (const char *) A0, 0x200);
    case 87: return sys_unlinkat(AT_FDCWD, (const char *) A0, 0);
    case 89: return sys_readlinkat(AT_FDCWD, (const char *) A0, (char *) A1, A2);
    case 96: return sys_gettimeofday((void *) A0, (void *) A1);
    case 98: return call_getrusage((int) A0, (void *) A1);
    case 99: return call_sysinfo((void *) A0);
    case 102: case 104: case 107: case 108: return 0;  // user and group: root
    case 110: return 0;                   // getppid
    case 131: return sys_sigaltstack((const void *) A0, (void *) A1);
    case 137: return sys_statfs((const char *) A0, (void *) A1);
    case 138: return sys_fstatfs((int) A0, (void *) A1);
    case 157: return call_prctl((int) A0, (char *) A1);
    case 158: return call_arch_prctl((int) A0, A1);
    case 186: return current_thread()->tid;
    case 202: return sys_futex((uint32_t *) A0, (int) A1, (uint32_t) A2, A3, (uint32_t *) A4, (uint32_t) A5);
    case 203: return 0;                   // sched_setaffinity: a hint
    case 204: return call_getaffinity(A1, (void *) A2);
    case 217: return sys_getdents64((int) A0, (void *) A1, A2);
    case 218: return call_set_tid_address((uint32_t *) A0);
    case 228: return sys_clock_gettime((int) A0, (void *) A1);
    case 229: return sys_clock_getres((int) A0, (void *) A1);
    case 230: return sys_clock_nanosleep((int) A0, (int) A1, (const void *) A2, (void *) A3);
    case 231: exit_program((int) A0 & 0xff);
    case 234: return sys_tgkill((int) A0, (int) A1, (int) A2);
    case 257: return sys_openat((int) A0, (const char *) A1, (int) A2, (int) A3);
    case 258: return sys_mkdirat((int) A0, (const char *) A1, (int) A2);
    case 262: return sys_newfstatat((int) A0, (const char *) A1, (void *) A2, (int) A3);
    case 263: return sys_unlinkat((int) A0, (const char *) A1, (int) A2);
    case 264: return sys_renameat((int) A0, (const char *) A1, (int) A2, (const char *) A3);
    case 267: return sys_readlinkat((int) A0, (const char *) A1, (char *) A2, A3);
    case 269: return sys_faccessat((int) A0, (const char *) A1, (int) A2);
    case 273: return 0;                   // set_robust_list: no robust mutexes are shared with anyone
    case 285: return sys_fallocate((int) A0, (int) A1, A2, A3);
    case 292: return sys_dup3((int) A0, (int) A1, (int) A2);
    case 293: return sys_pipe2((int *) A0, (int) A1);
    case 302: return call_prlimit((int) A1, (const void *) A2, (void *) A3);
    case 309: return call_getcpu((uint32_t *) A0, (uint32_t *) A1);
    case 318: return call_getrandom((char *) A0, A1);
    case 332: return sys_statx((int) A0, (const char *) A1, (int) A2, (unsigned) A3, (void *) A4);
    case 334: return -ENOSYS;             // rseq: glibc does without
    case 435: return sys_clone3((const void *) A0, A1, frame);
    case 439: return sys_faccessat((int) A0, (const char *) A1, (int) A2);
    default: return unknown((unsigned) frame->error);
    }
}

static long serve_hardware(struct frame *frame) {
    switch (frame->error) {
    case UK_INFO: return sys_uk_info((struct uk_info *) A0);
    case UK_MAP: return sys_uk_map(A0, A1, (int) A2);
    case UK_DMA_ALLOCATE: return sys_uk_dma_allocate(A0, A1, (struct uk_dma *) A2);
    case UK_DMA_FREE: return sys_uk_dma_free(A0);
    case UK_INTERRUPT_OPEN: return sys_uk_interrupt_open((int) A0, (uint32_t) A1, (struct uk_interrupt *) A2);
    case UK_INTERRUPT_CLOSE: return sys_uk_interrupt_close((uint32_t) A0);
    case UK_INTERRUPT_UNMASK: return sys_uk_interrupt_unmask((uint32_t) A0);
    case UK_INTERRUPT_RAISE: return sys_uk_interrupt_raise((uint32_t) A0);
    case UK_WAIT: return sys_uk_wait((const struct uk_wait *) A0, (unsigned) A1, (int64_t) A2);
    case UK_PORT_READ: return sys_uk_port_read((uint32_t) A0, (unsigned) A1);
    case UK_PORT_WRITE: return sys_uk_port_write((uint32_t) A0, (unsigned) A1, (uint32_t) A2);
    case UK_ENTROPY_ADD: return sys_uk_entropy_add((const void *) A0, A1);
    case UK_POWER: return sys_uk_power((int) A0, (int) A1);
    default: return unknown((unsigned) frame->error);
    }
}

void system_call(struct frame *frame) {
    frame->rax = (uint64_t) (frame->error < UK_INFO ? serve_linux(frame) : serve_hardware(frame));
}
