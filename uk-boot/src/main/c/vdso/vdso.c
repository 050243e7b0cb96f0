// The vDSO: the clock without a system call. A shared object of its own, which the kernel maps into user code behind the page with its data
// and names in the auxiliary vector (vdso(7)). Functions return 0, or what the system call says for clocks that they do not know.
#include "../kernel/vdso.h"

struct time {
    int64_t seconds, parts;
};

extern const union vdso_page vdso_data_page __attribute__((visibility("hidden")));

static long system_call(long number, long a, long b) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
    return result;
}

static uint64_t now(void) {
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return vdso_nanoseconds(&vdso_data_page.data, low | (uint64_t) high << 32);
}

static void put(struct time *to, uint64_t ns, uint64_t divisor) {
    to->seconds = (int64_t) (ns / 1000000000);
    to->parts = (int64_t) (ns % 1000000000 / divisor);
}

int __vdso_clock_gettime(int clock, struct time *to) {
    switch (clock) {
    case 0: case 5: put(to, vdso_data_page.data.wall_at_start + now(), 1); return 0;
    case 1: case 4: case 6: case 7: put(to, now(), 1); return 0;
    default: return (int) system_call(228, clock, (long) to);
    }
}

int __vdso_gettimeofday(struct time *to, void *zone) {
    if (zone) {
        return (int) system_call(96, (long) to, (long) zone);
    }
    if (to) {
        put(to, vdso_data_page.data.wall_at_start + now(), 1000);
    }
    return 0;
}

int64_t __vdso_time(int64_t *to) {
    int64_t seconds = (int64_t) ((vdso_data_page.data.wall_at_start + now()) / 1000000000);
    if (to) {
        *to = seconds;
    }
    return seconds;
}

int __vdso_clock_getres(int clock, struct time *to) {
    return (int) system_call(229, clock, (long) to);
}
