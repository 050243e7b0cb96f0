// The console: the first serial port of a PC (16550), and what is said there.
#include "boot.h"
#include "cpu.h"
#include "lock.h"
#include "time.h"
#include "trap.h"

enum { PORT = 0x3f8, PORTS = 8, DATA = PORT, ENABLE = PORT + 1, FIFO = PORT + 2, LINE = PORT + 3, MODEM = PORT + 4, STATUS = PORT + 5,
       SCRATCH = PORT + 7, READY = 0x20, EMPTY = 0x40, SPIN_LIMIT = 100000000, POWER_OFF_NS = 500000000 };

static struct lock lock = LOCK_INIT("console");
static bool present, broken;

void console_start(void) {
    out8(SCRATCH, 0xa5);
    present = in8(SCRATCH) == 0xa5;
    if (present) {
        out8(ENABLE, 0);
        out8(LINE, 0x80);  // divisor 1: 115,200 baud
        out8(DATA, 1);
        out8(ENABLE, 0);
        out8(LINE, 3);     // 8 bits, no parity, 1 stop bit
        out8(FIFO, 7);
        out8(MODEM, 3);
    }
}

bool console_owns(uint32_t port) {
    return present && port + 3 >= PORT && port < PORT + PORTS;
}

static void put(char c) {
    for (unsigned spins = 0; !(in8(STATUS) & READY) && spins < SPIN_LIMIT; spins++) {
        cpus_serve();
    }
    out8(DATA, (uint8_t) c);
}

static void write(const char *text, size_t bytes) {
    for (size_t i = 0; present && i < bytes; i++) {
        if (text[i] == '\n') {
            put('\r');
        }
        put(text[i]);
    }
}

void console_break(void) {
    broken = true;
}

void console_write(const char *text, size_t bytes) {
    if (broken) {
        write(text, bytes);
        return;
    }
    lock_acquire(&lock);
    write(text, bytes);
    lock_release(&lock);
}

void console_drain(void) {
    for (unsigned spins = 0; present && !(in8(STATUS) & EMPTY) && spins < SPIN_LIMIT; spins++) {
    }
}

static void print_args(const char *pattern, va_list args) {
    char line[512];
    int length = format_args(line, sizeof line, pattern, args);
    console_write(line, MIN((size_t) length, sizeof line - 1));
}

void print(const char *pattern, ...) {
    va_list args;
    va_start(args, pattern);
    print_args(pattern, args);
    va_end(args);
}

_Noreturn void machine_exit(int code, const char *pattern, ...) {
    va_list args;
    va_start(args, pattern);
    print("boot: ");
    print_args(pattern, args);
    va_end(args);
    print("\n");
    machine_end(code, false);
}

_Noreturn void panic(const char *pattern, ...) {
    static struct cpu *first;
    struct cpu *other = NULL;
    if (__atomic_compare_exchange_n(&first, &other, this_cpu(), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        cpus_stop();
        console_break();
        va_list args;
        va_start(args, pattern);
        print("boot: panic: ");
        print_args(pattern, args);
        va_end(args);
        print("\n");
        backtrace(__builtin_frame_address(0));
    } else if (other != this_cpu()) {
        cpu_halt();  // that one is still speaking
    }
    machine_end(EXIT_PANIC, false);
}

// Ends the machine by whatever it has for that: a port of QEMU that takes an exit code, ACPI, the chipset's reset port, the keyboard controller, a
// triple fault.
_Noreturn void machine_end(int code, bool reboot) {
    const char *statistics = boot_word("boot.statistics");
    if (statistics && !strncmp(statistics, "locks", 5) && !broken) {
        locks_print();
        print("boot: %lu system calls were not there\n", system_calls_unknown);
    }
    if (!broken) {
        file_export();
    }
    console_drain();
    const char *port = boot_word("boot.exit_port");
    if (port && code && !reboot) {
        out8((uint16_t) parse_number(port), (uint8_t) code);
    }
    if (!reboot) {
        acpi_power_off();
        for (uint64_t end = clock_now() + POWER_OFF_NS; tsc_hz && clock_now() < end;) {
            pause();  // it may take the hypervisor a moment
        }
        // For some monitors, Firecracker among them, a reset is how a guest ends.
        print("boot: the machine cannot be powered off, so it is reset; the exit code is %d\n", code);
        console_drain();
    }
    acpi_reset();
    out8(0xcf9, 6);
    out8(0x64, 0xfe);
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = {0, 0};
    __asm__ volatile("lidt %0; int3" : : "m"(none));
    __builtin_unreachable();
}
