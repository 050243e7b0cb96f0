// Randomness: ChaCha20 (RFC 8439, section 2.3) with fast key erasure; its key comes from RDSEED or RDRAND, and what Java adds.
#include "boot.h"
#include "cpu.h"
#include "lock.h"

static struct lock lock = LOCK_INIT("random");
static uint32_t key[8];

static inline uint32_t rotate(uint32_t x, unsigned by) {
    return x << by | x >> (32 - by);
}

static inline void quarter(uint32_t *s, unsigned a, unsigned b, unsigned c, unsigned d) {
    s[a] += s[b];
    s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b];
    s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 7);
}

static void block(uint32_t *to, uint64_t counter) {
    uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    memcpy(start + 4, key, sizeof key);
    start[12] = (uint32_t) counter;
    start[13] = (uint32_t) (counter >> 32);
    memcpy(to, start, sizeof start);
    for (unsigned round = 0; round < 10; round++) {
        quarter(to, 0, 4, 8, 12);
        quarter(to, 1, 5, 9, 13);
        quarter(to, 2, 6, 10, 14);
        quarter(to, 3, 7, 11, 15);
        quarter(to, 0, 5, 10, 15);
        quarter(to, 1, 6, 11, 12);
        quarter(to, 2, 7, 8, 13);
        quarter(to, 3, 4, 9, 14);
    }
    for (unsigned i = 0; i < 16; i++) {
        to[i] += start[i];
    }
}

void random_fill(void *to, size_t bytes) {
    uint32_t out[16];
    char *at = to;
    lock_acquire(&lock);
    for (uint64_t counter = 1; bytes; counter++) {
        size_t size = MIN(bytes, sizeof out);
        block(out, counter);
        memcpy(at, out, size);
        at += size;
        bytes -= size;
    }
    block(out, 0);
    memcpy(key, out, sizeof key);  // what was given cannot be found out from what is kept
    lock_release(&lock);
    memset(out, 0, sizeof out);
}

void random_add(const void *from, size_t bytes) {
    uint32_t out[16];
    const char *at = from;
    lock_acquire(&lock);
    while (bytes) {
        size_t size = MIN(bytes, sizeof key);
        for (size_t i = 0; i < size; i++) {
            ((char *) key)[i] ^= at[i];
        }
        block(out, 0);
        memcpy(key, out, sizeof key);
        at += size;
        bytes -= size;
    }
    lock_release(&lock);
    memset(out, 0, sizeof out);
}

static bool hardware_word(uint64_t *word, bool seed) {
    for (unsigned tries = 0; tries < 1000; tries++) {
        bool got;
        if (seed) {
            __asm__ volatile("rdseed %0" : "=r"(*word), "=@ccc"(got));
        } else {
            __asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(got));
        }
        if (got) {
            return true;
        }
        pause();
    }
    return false;
}

static unsigned add_words(bool seed) {
    unsigned got = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint64_t word;
        if (hardware_word(&word, seed)) {
            random_add(&word, sizeof word);
            got++;
        }
    }
    return got;
}

void random_start(void) {
    bool has_random = cpuid(1, 0).c >> 30 & 1, has_seed = cpuid(7, 0).b >> 18 & 1;
    unsigned words = (has_random ? add_words(false) : 0) + (has_seed ? add_words(true) : 0);
    uint64_t tsc = read_tsc();
    random_add(&tsc, sizeof tsc);
    if (words < 4) {
        machine_exit(EXIT_BOOT, "no randomness: the processor has %s; give the machine one with RDRAND (QEMU: -cpu max)",
                     has_random || has_seed ? "an RDRAND that does not answer" : "neither RDRAND nor RDSEED");
    }
}
