// Time: the time-stamp counter, with the frequency that the hypervisor or CPUID tells, or else measured against the PIT; and the date, from
// kvmclock or the real-time clock. The vDSO reads the same numbers (vdso.h).
#include "boot.h"
#include "cpu.h"
#include "memory.h"
#include "thread.h"
#include "time.h"

enum { MSR_KVM_WALL_CLOCK = 0x4b564d00, MSR_KVM_SYSTEM_TIME = 0x4b564d01, KVM_FEATURE_CLOCKSOURCE2 = 1 << 3 };
enum { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS, CLOCK_THREAD, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
       CLOCK_BOOTTIME, TIMER_ABSTIME = 1 };
#define SECOND 1000000000ul

uint64_t tsc_hz;
union vdso_page vdso_page __attribute__((aligned(4096)));

static uint32_t hypervisor_leaf(const char *signature) {
    for (uint32_t leaf = 0x40000000; (cpuid(1, 0).c >> 31) && leaf < 0x40010000; leaf += 0x100) {
        struct cpuid r = cpuid(leaf, 0);
        if (!memcmp(&r.b, signature, 12)) {
            return leaf;
        }
    }
    return 0;
}

// Where KVM writes what it knows of time (Linux' Documentation/virt/kvm/x86/msr.rst).
static union {
    struct {
        uint32_t version, pad;
        uint64_t tsc, system_time;
        uint32_t multiplier;
        int8_t shift;
        uint8_t flags, pad2[2];
    } system;
    struct {
        uint32_t version, seconds, nanoseconds;
    } wall;
} kvm_time __attribute__((aligned(64)));

static bool has_kvmclock(void) {
    uint32_t leaf = hypervisor_leaf("KVMKVMKVM\0\0\0");
    return leaf && (cpuid(leaf + 1, 0).a & KVM_FEATURE_CLOCKSOURCE2);
}

// What no processor's counter does is not believed.
static uint64_t plausible(uint64_t hz) {
    return hz >= 1000000 && hz <= 100 * SECOND ? hz : 0;
}

static uint64_t hz_of_kvm(void) {
    if (!has_kvmclock()) {
        return 0;
    }
    uint64_t physical = (uint64_t) &kvm_time - KERNEL_BASE;
    write_msr(MSR_KVM_SYSTEM_TIME, physical | 1);
    uint64_t hz = 0;
    if (kvm_time.system.multiplier && kvm_time.system.shift > -32 && kvm_time.system.shift < 32) {
        hz = (SECOND << 32) / kvm_time.system.multiplier;
        hz = kvm_time.system.shift < 0 ? hz << -kvm_time.system.shift : hz >> kvm_time.system.shift;
    }
    write_msr(MSR_KVM_SYSTEM_TIME, 0);
    return plausible(hz);
}

// The hypervisor's word goes before the processor's, which may be that of a host whose counter runs otherwise.
static uint64_t hz_of_cpuid(void) {
    // A leaf that VMware began and others took up: the frequency in kHz.
    if ((cpuid(1, 0).c >> 31) && cpuid(0x40000000, 0).a >= 0x40000010) {
        uint64_t hz = plausible(cpuid(0x40000010, 0).a * 1000ul);
        if (hz) {
            return hz;
        }
    }
    if (cpuid(0, 0).a >= 0x15) {
        struct cpuid r = cpuid(0x15, 0);
        if (r.a && r.b && r.c) {
            return plausible((uint64_t) r.c * r.b / r.a);
        }
    }
    return 0;
}

// The frequency for which the processor was made, in MHz: near that of the counter, and good enough where nothing can be measured.
static uint64_t hz_of_base(void) {
    return cpuid(0, 0).a >= 0x16 ? plausible((cpuid(0x16, 0).a & 0xffff) * 1000000ul) : 0;
}

static uint32_t pit_count(void) {
    out8(0x43, 0);  // latch channel 0
    uint32_t low = in8(0x40);
    return low | (uint32_t) in8(0x40) << 8;
}

// Channel 0 and not 2, since some machines have no port 0x61 to start that one by.
static uint64_t hz_of_pit(void) {
    enum { PIT_HZ = 1193182, TICKS = PIT_HZ / 1000 };
    out8(0x43, 0x34);  // counts down from 65536, again and again
    out8(0x40, 0);
    out8(0x40, 0);
    uint32_t before = pit_count(), start, now;
    for (unsigned tries = 0; (start = pit_count()) == before; tries++) {
        if (tries == 100000) {
            return 0;  // there is none
        }
    }
    uint64_t tsc = read_tsc();
    do {
        now = pit_count();
    } while (((start - now) & 0xffff) < TICKS);
    uint64_t passed = read_tsc() - tsc;
    return passed * PIT_HZ / ((start - now) & 0xffff);
}

static unsigned rtc(unsigned index) {
    out8(0x70, (uint8_t) index);
    return in8(0x71);
}

// The date of the real-time clock (MC146818), taken as UTC; 0 if there is none.
static uint64_t seconds_of_rtc(void) {
    unsigned v[6], again[6];
    static const unsigned indexes[] = {0, 2, 4, 7, 8, 9};  // seconds, minutes, hours, day, month, year
    do {
        for (unsigned tries = 0; rtc(10) & 0x80; tries++) {
            if (tries == 1000000 || rtc(10) == 0xff) {
                return 0;
            }
        }
        for (unsigned i = 0; i < 6; i++) {
            v[i] = rtc(indexes[i]);
        }
        for (unsigned i = 0; i < 6; i++) {
            again[i] = rtc(indexes[i]);
        }
    } while (memcmp(v, again, sizeof v));
    if (!(rtc(11) & 4)) {
        for (unsigned i = 0; i < 6; i++) {
            v[i] = (v[i] >> 4) * 10 + (v[i] & 15);
        }
    }
    int64_t year = 2000 + (int64_t) v[5] - (v[4] <= 2), era_day = year * 365 + year / 4 - year / 100 + year / 400;
    int64_t days = era_day + (153 * ((int64_t) v[4] + (v[4] > 2 ? -3 : 9)) + 2) / 5 + (int64_t) v[3] - 1 - 719468;  // from March on
    return (uint64_t) days * 86400 + v[2] * 3600 + v[1] * 60 + v[0];
}

static uint64_t wall_at_start(void) {
    if (has_kvmclock()) {
        memset(&kvm_time, 0, sizeof kvm_time);
        write_msr(MSR_KVM_WALL_CLOCK, (uint64_t) &kvm_time - KERNEL_BASE);
        return kvm_time.wall.seconds * SECOND + kvm_time.wall.nanoseconds;  // when the machine's system time was 0, nearly our start
    }
    uint64_t seconds = seconds_of_rtc();
    return seconds * SECOND - (seconds ? clock_now() : 0);
}

void clock_start(void) {
    uint64_t first = read_tsc();
    tsc_hz = hz_of_kvm();
    tsc_hz = tsc_hz ? tsc_hz : hz_of_cpuid();
    tsc_hz = tsc_hz ? tsc_hz : hz_of_pit();
    tsc_hz = tsc_hz ? tsc_hz : hz_of_base();
    if (!tsc_hz) {
        machine_exit(EXIT_BOOT, "nothing tells how fast the time-stamp counter is: no kvmclock, no CPUID leaf 0x15, 0x16 or 0x40000010, no PIT");
    }
    vdso_page.data.tsc_at_start = first;
    vdso_page.data.multiplier = multiply_divide(SECOND, 1ul << 32, tsc_hz);
    vdso_page.data.wall_at_start = wall_at_start();
}

uint64_t clock_now(void) {
    return vdso_nanoseconds(&vdso_page.data, read_tsc());
}

uint64_t clock_wall(void) {
    return vdso_page.data.wall_at_start + clock_now();
}

uint64_t clock_tsc_at(uint64_t ns) {
    return vdso_page.data.tsc_at_start + multiply_divide(MIN(ns, 1ul << 61), tsc_hz, SECOND);
}

// ---- System calls ------------------------------------------------------------------------------------------------------------------------

struct time {
    int64_t seconds, nanoseconds;
};

static bool read_clock(int clock, uint64_t *ns) {
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: *ns = clock_wall(); return true;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME: *ns = clock_now(); return true;
    case CLOCK_PROCESS:
        lock_acquire(&threads_lock);
        *ns = threads_time();
        lock_release(&threads_lock);
        return true;
    case CLOCK_THREAD: *ns = current_thread()->processor_time + clock_now() - current_thread()->started; return true;
    default: return thread_clock(clock, ns);
    }
}

int time_deadline(const void *timeout, bool absolute, bool wall, uint64_t *deadline) {
    struct time t;
    *deadline = NEVER;
    if (!timeout) {
        return 0;
    }
    if (copy_in(&t, timeout, sizeof t)) {
        return -EFAULT;
    }
    if (t.nanoseconds < 0 || t.nanoseconds >= (int64_t) SECOND || (t.seconds < 0 && !absolute)) {
        return -EINVAL;
    }
    if (t.seconds < 0) {
        *deadline = 0;
        return 0;
    }
    if (t.seconds > INT64_MAX / (int64_t) SECOND - 1) {
        return 0;  // longer than anything lasts
    }
    uint64_t ns = (uint64_t) t.seconds * SECOND + (uint64_t) t.nanoseconds, start = vdso_page.data.wall_at_start;
    *deadline = !absolute ? clock_now() + ns : !wall ? ns : ns > start ? ns - start : 0;
    return 0;
}

long sys_clock_gettime(int clock, void *time) {
    uint64_t ns;
    if (!read_clock(clock, &ns)) {
        return -EINVAL;
    }
    struct time t = {(int64_t) (ns / SECOND), (int64_t) (ns % SECOND)};
    return copy_out(time, &t, sizeof t);
}

long sys_clock_getres(int clock, void *time) {
    uint64_t ns;
    struct time t = {0, 1};
    return !read_clock(clock, &ns) ? -EINVAL : time ? copy_out(time, &t, sizeof t) : 0;
}

long sys_clock_nanosleep(int clock, int flags, const void *request, void *remainder) {
    uint64_t deadline;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME) {
        return -EINVAL;
    }
    bool absolute = (flags & TIMER_ABSTIME) != 0;
    int error = time_deadline(request, absolute, clock == CLOCK_REALTIME, &deadline);
    if (error || !request) {
        return error ? error : -EFAULT;
    }
    thread_prepare();
    if (thread_sleep(deadline) == WAKE_TIMEOUT) {
        return 0;
    }
    uint64_t now = clock_now(), rest = deadline > now ? deadline - now : 0;
    struct time t = {(int64_t) (rest / SECOND), (int64_t) (rest % SECOND)};
    return !absolute && remainder && copy_out(remainder, &t, sizeof t) ? -EFAULT : -EINTR;
}

long sys_gettimeofday(void *time, void *zone) {
    uint64_t ns = clock_wall();
    struct time t = {(int64_t) (ns / SECOND), (int64_t) (ns % SECOND / 1000)};
    uint64_t utc = 0;
    return (time && copy_out(time, &t, sizeof t)) || (zone && copy_out(zone, &utc, sizeof utc)) ? -EFAULT : 0;
}
