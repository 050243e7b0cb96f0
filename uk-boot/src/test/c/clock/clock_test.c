// How the kernel learns the frequency of the time-stamp counter, from a processor, a hypervisor and a PIT that tests make up.
#include "boot.h"
#include "cpu.h"
#include "host.h"
#include "memory.h"

static struct cpuid leaves[32];
static struct leaf {
    uint32_t number;
    struct cpuid value;
} told[8];
static unsigned told_count, kvm_shift_and_multiplier_used, pit_reads;
static uint32_t multiplier;
static int8_t shift;
static bool pit;

bool thread_clock(int clock, uint64_t *ns) {
    (void) clock;
    (void) ns;
    return false;
}

static void tell(uint32_t number, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    told[told_count++] = (struct leaf) {number, {a, b, c, d}};
}

static struct cpuid made_up_cpuid(uint32_t number) {
    for (unsigned i = told_count; i-- > 0;) {
        if (told[i].number == number) {
            return told[i].value;
        }
    }
    return leaves[0];
}

static void made_up_write_msr(uint32_t number, uint64_t value) {
    if (number == 0x4b564d01 && (value & 1)) {
        char *time = (char *) (value - 1 + KERNEL_BASE);
        memcpy(time + 24, &multiplier, sizeof multiplier);
        time[28] = (char) shift;
        kvm_shift_and_multiplier_used++;
    }
}

// A PIT of which one read in two is a tick; a counter of 1 ms for as many ticks as the PIT has in one.
static uint8_t made_up_in8(uint16_t port) {
    static uint8_t high;
    static bool second;
    if (port != 0x40 || !pit) {
        return 0xff;
    }
    second = !second;
    if (second) {
        uint16_t count = (uint16_t) -pit_reads++;
        high = (uint8_t) (count >> 8);
        return (uint8_t) count;
    }
    return high;
}

static uint64_t made_up_tsc(void) {
    return pit_reads * 1000ul;  // 1,193,182,000 Hz
}

#define cpuid(number, part) made_up_cpuid((number) + (part))
#define write_msr(number, value) made_up_write_msr(number, value)
#define in8(port) made_up_in8(port)
#define out8(port, value) ((void) (value))
#define read_tsc() made_up_tsc()
#include "../../../main/c/kernel/clock.c"

static long hz(void) {
    clock_start();
    return (long) tsc_hz;
}

static void ordinary(uint32_t basic) {
    told_count = kvm_shift_and_multiplier_used = pit_reads = 0;
    pit = true;
    tell(0, basic, 0, 0, 0);
}

static void hypervisor(uint32_t last, const char *signature) {
    uint32_t words[3];
    memcpy(words, signature, sizeof words);
    tell(1, 0, 0, 1u << 31, 0);
    tell(0x40000000, last, words[0], words[1], words[2]);
}

static void kvmclock(uint32_t new_multiplier, int new_shift) {
    tell(0x40000001, 1 << 3, 0, 0, 0);
    multiplier = new_multiplier;
    shift = (int8_t) new_shift;
}

static void kvmclock_tells(void) {
    ordinary(0x16);
    hypervisor(0x40000010, "KVMKVMKVM\0\0\0");
    tell(0x40000010, 999999, 0, 0, 0);
    kvmclock(0x80000000, 0);
    CHECK_IS(hz(), 2000000000);
    kvmclock(0x80000000, -1);
    CHECK_IS(hz(), 4000000000);
    kvmclock(0x80000000, 1);
    CHECK_IS(hz(), 1000000000);
    CHECK_IS(pit_reads, 0);
    CHECK_IS(kvm_shift_and_multiplier_used, 3);
}

static void a_kvmclock_that_cannot_be_is_not_believed(void) {
    static const struct {
        uint32_t multiplier;
        int shift;
    } wrong[] = {{0, 0}, {1, -128}, {1, 127}, {1, 0}, {0xffffffff, 31}};
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ordinary(0);
        hypervisor(0x40000010, "KVMKVMKVM\0\0\0");
        tell(0x40000010, 2500000, 0, 0, 0);
        kvmclock(wrong[i].multiplier, wrong[i].shift);
        CHECK_IS(hz(), 2500000000);
    }
}

static void the_hypervisor_goes_before_the_processor(void) {
    ordinary(0x16);
    tell(0x15, 2, 200, 24000000, 0);
    CHECK_IS(hz(), 2400000000);
    hypervisor(0x40000010, "Microsoft Hv");
    tell(0x40000010, 3000000, 0, 0, 0);
    CHECK_IS(hz(), 3000000000);
    tell(0x40000010, 0, 0, 0, 0);
    CHECK_IS(hz(), 2400000000);
    CHECK_IS(pit_reads, 0);
}

static void what_nobody_tells_is_measured(void) {
    ordinary(0x16);
    tell(0x15, 2, 200, 0, 0);  // without the crystal's frequency
    tell(0x16, 2000, 0, 0, 0);
    hypervisor(0x40000001, "TCGTCGTCGTCG");
    long measured = hz();
    CHECK(measured > 1190000000 && measured < 1200000000);
    CHECK(pit_reads > 0);
}

static void without_a_pit_the_base_frequency_must_do(void) {
    ordinary(0x16);
    pit = false;
    tell(0x16, 2000, 0, 0, 0);
    CHECK_IS(hz(), 2000000000);
}

static void start_clock(void *unused) {
    (void) unused;
    clock_start();
}

static void without_anything_it_says_so(void) {
    ordinary(0x14);
    pit = false;
    CHECK_IS(host_ends(start_clock, NULL), EXIT_BOOT);
    CHECK(host_has(host_said, "nothing tells how fast the time-stamp counter is"));
}

int main(void) {
    RUN(kvmclock_tells);
    RUN(a_kvmclock_that_cannot_be_is_not_believed);
    RUN(the_hypervisor_goes_before_the_processor);
    RUN(what_nobody_tells_is_measured);
    RUN(without_a_pit_the_base_frequency_must_do);
    RUN(without_anything_it_says_so);
    return host_report();
}
