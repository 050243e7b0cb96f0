// Local APICs (Intel SDM volume 3, chapter 11; registers in memory or as x2APIC's MSRs) and I/O APICs.
#include "cpu.h"
#include "memory.h"
#include "time.h"
#include "trap.h"

enum { MSR_APIC_BASE = 0x1b, MSR_X2APIC = 0x800, MSR_TSC_DEADLINE = 0x6e0 };
enum { APIC_ID = 0x20, APIC_EOI = 0xb0, APIC_SPURIOUS = 0xf0, APIC_ICR = 0x300, APIC_ICR_HIGH = 0x310, APIC_TIMER = 0x320,
       APIC_LINT1 = 0x360, APIC_TIMER_START = 0x380, APIC_TIMER_NOW = 0x390, APIC_TIMER_DIVIDE = 0x3e0 };
enum { TIMER_DEADLINE = 2 << 17, MASKED = 1 << 16, DIVIDE_BY_1 = 0xb, SOFTWARE_ENABLE = 0x100, ICR_BUSY = 1 << 12, ICR_ASSERT = 1 << 14,
       ICR_INIT = 5 << 8, ICR_STARTUP = 6 << 8, DELIVER_NMI = 4 << 8 };

static volatile uint32_t *registers;  // NULL for x2APIC
static bool has_deadline;
static uint64_t timer_hz;

static uint32_t read(unsigned offset) {
    return registers ? registers[offset / 4] : (uint32_t) read_msr(MSR_X2APIC + offset / 16);
}

static void write(unsigned offset, uint32_t value) {
    if (registers) {
        registers[offset / 4] = value;
    } else {
        write_msr(MSR_X2APIC + offset / 16, value);
    }
}

// How fast the timer counts, by a tenth of a millisecond of the time-stamp counter.
static void calibrate_timer(void) {
    write(APIC_TIMER, MASKED | VECTOR_TIMER);
    write(APIC_TIMER_START, ~0u);
    uint64_t start = read_tsc(), end = start + tsc_hz / 10000;
    while (read_tsc() < end) {
        pause();
    }
    uint32_t passed = ~0u - read(APIC_TIMER_NOW);
    uint64_t ticks = read_tsc() - start;
    write(APIC_TIMER_START, 0);
    timer_hz = multiply_divide(passed, tsc_hz, ticks);
}

void apic_start(void) {
    out8(0x21, 0xff);  // the old interrupt controllers, which firmware may have left on, where there are any
    out8(0xa1, 0xff);
    uint64_t base = read_msr(MSR_APIC_BASE) | 1 << 11;
    uint32_t features = cpuid(1, 0).c;
    if (features & (1u << 21)) {
        base |= 1 << 10;
    } else if (!registers) {
        registers = map_device(base & PTE_ADDRESS, PAGE_SIZE, true);
    }
    write_msr(MSR_APIC_BASE, base);
    write(APIC_SPURIOUS, SOFTWARE_ENABLE | VECTOR_SPURIOUS);
    write(APIC_LINT1, DELIVER_NMI);  // what an operator sends; not each firmware sets that, and INIT masks it
    write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    has_deadline = (features & (1u << 24)) != 0;
    if (!has_deadline && !timer_hz) {
        calibrate_timer();
    }
    write(APIC_TIMER, (has_deadline ? TIMER_DEADLINE : 0) | VECTOR_TIMER);
}

uint32_t apic_id_here(void) {
    return registers ? read(APIC_ID) >> 24 : read(APIC_ID);
}

void apic_end_interrupt(void) {
    write(APIC_EOI, 0);
}

static void send(uint32_t apic_id, uint32_t command) {
    if (!registers) {
        write_msr(MSR_X2APIC + APIC_ICR / 16, (uint64_t) apic_id << 32 | command);
        return;
    }
    while (read(APIC_ICR) & ICR_BUSY) {
        pause();
    }
    write(APIC_ICR_HIGH, apic_id << 24);
    write(APIC_ICR, command);
}

void apic_send(uint32_t apic_id, unsigned vector) {
    send(apic_id, ICR_ASSERT | vector);
}

void apic_send_init(uint32_t apic_id) {
    send(apic_id, ICR_ASSERT | ICR_INIT);
}

void apic_send_startup(uint32_t apic_id, unsigned page) {
    send(apic_id, ICR_ASSERT | ICR_STARTUP | page);
}

void apic_set_timer(uint64_t deadline) {
    if (has_deadline) {
        write_msr(MSR_TSC_DEADLINE, deadline == NO_TIMER ? 0 : MAX(clock_tsc_at(deadline), 1ul));
        return;
    }
    uint64_t now = clock_now(), wait = deadline > now ? MIN(deadline - now, 1000000000ul) : 0;  // it wraps; an early tick does no harm
    uint32_t count = (uint32_t) MIN(multiply_divide(wait, timer_hz, 1000000000), 0xfffffffful);
    write(APIC_TIMER_START, deadline == NO_TIMER ? 0 : MAX(count, 1u));
}

// ---- I/O APICs: line by line, an entry of 64 bits ----------------------------------------------------------------------------------------

enum { IOAPIC_LIMIT = 8, IOAPIC_VERSION = 1, IOAPIC_ENTRIES = 0x10, ENTRY_LEVEL = 1 << 15, ENTRY_LOW = 1 << 13, ENTRY_MASKED = 1 << 16 };

static struct ioapic {
    volatile uint32_t *window;
    uint32_t first, lines;
} ioapics[IOAPIC_LIMIT];
static unsigned ioapic_count;

static uint32_t ioapic_read(const struct ioapic *ioapic, unsigned index) {
    ioapic->window[0] = index;
    return ioapic->window[4];
}

static void ioapic_write(const struct ioapic *ioapic, unsigned index, uint32_t value) {
    ioapic->window[0] = index;
    ioapic->window[4] = value;
}

void ioapic_add(uint64_t physical, uint32_t first_line) {
    volatile uint32_t *window = ioapic_count < IOAPIC_LIMIT ? map_device(physical, PAGE_SIZE, true) : NULL;
    if (!window) {
        print("boot: the I/O APIC at 0x%lx is not used\n", physical);
        return;
    }
    struct ioapic *ioapic = &ioapics[ioapic_count++];
    *ioapic = (struct ioapic) {.window = window, .first = first_line};
    ioapic->lines = (ioapic_read(ioapic, IOAPIC_VERSION) >> 16 & 0xff) + 1;
    for (unsigned i = 0; i < ioapic->lines; i++) {
        ioapic_write(ioapic, IOAPIC_ENTRIES + 2 * i, ENTRY_MASKED);
    }
}

static const struct ioapic *ioapic_of(uint32_t line) {
    for (unsigned i = 0; i < ioapic_count; i++) {
        if (line >= ioapics[i].first && line - ioapics[i].first < ioapics[i].lines) {
            return &ioapics[i];
        }
    }
    return NULL;
}

bool ioapic_route(uint32_t line, unsigned vector, bool level, uint32_t apic_id) {
    const struct ioapic *ioapic = ioapic_of(line);
    if (!ioapic || apic_id > 255) {
        return false;
    }
    unsigned index = IOAPIC_ENTRIES + 2 * (line - ioapic->first);
    ioapic_write(ioapic, index + 1, apic_id << 24);
    ioapic_write(ioapic, index, vector | (level ? ENTRY_LEVEL | ENTRY_LOW : 0));
    return true;
}

void ioapic_mask(uint32_t line, bool masked) {
    const struct ioapic *ioapic = ioapic_of(line);
    if (ioapic) {
        unsigned index = IOAPIC_ENTRIES + 2 * (line - ioapic->first);
        uint32_t entry = ioapic_read(ioapic, index);
        ioapic_write(ioapic, index, masked ? entry | ENTRY_MASKED : entry & ~(uint32_t) ENTRY_MASKED);
    }
}
