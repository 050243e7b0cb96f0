// What the kernel shows user code of time, in the page before the vDSO.
#ifndef UK_VDSO_H
#define UK_VDSO_H

#include <stdint.h>

struct vdso_data {
    uint64_t tsc_at_start;
    uint64_t multiplier;     // nanoseconds per tick, times 2^32
    uint64_t wall_at_start;  // nanoseconds since 1970
};

union vdso_page {
    struct vdso_data data;
    char bytes[4096];
};

static inline uint64_t vdso_nanoseconds(const struct vdso_data *data, uint64_t tsc) {
    return (uint64_t) ((unsigned __int128) (tsc - data->tsc_at_start) * data->multiplier >> 32);
}

#endif
