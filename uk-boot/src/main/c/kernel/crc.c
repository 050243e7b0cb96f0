// CRC32C by the processor's instruction for it, or, where there is none, by a table.
#include "crc.h"
#include "cpu.h"

#define POLYNOMIAL 0x82f63b78u  // reflected

static uint32_t by_instruction(uint32_t crc, const char *at, size_t count) {
    uint64_t wide = crc;
    // Each page of an image goes through here: four words a round, taken from where they lie.
    typedef const struct { uint64_t word[4]; } __attribute__((packed, may_alias)) *words;
    for (; count >= 32; count -= 32, at += 32) {
        words from = (words) at;
        __asm__("crc32q %1, %0\n\tcrc32q %2, %0\n\tcrc32q %3, %0\n\tcrc32q %4, %0"
                : "+&r"(wide)
                : "m"(from->word[0]), "m"(from->word[1]), "m"(from->word[2]), "m"(from->word[3]));
    }
    for (; count; count--, at++) {
        __asm__("crc32b %1, %0" : "+r"(wide) : "rm"(*at));
    }
    return (uint32_t) wide;
}

static uint32_t by_table(uint32_t crc, const char *at, size_t count) {
    static uint32_t table[256];
    static bool made;
    for (unsigned i = 0; !__atomic_load_n(&made, __ATOMIC_ACQUIRE) && i < 256; i++) {
        uint32_t value = i;
        for (unsigned bit = 0; bit < 8; bit++) {
            value = value >> 1 ^ (value & 1 ? POLYNOMIAL : 0);
        }
        table[i] = value;
    }
    __atomic_store_n(&made, true, __ATOMIC_RELEASE);
    for (; count; count--, at++) {
        crc = crc >> 8 ^ table[(crc ^ (uint8_t) *at) & 0xff];
    }
    return crc;
}

uint32_t crc32c(const void *bytes, size_t count) {
    static int has;  // 0 not known, 1 no, 2 yes
    if (!has) {
        has = cpuid(1, 0).c >> 20 & 1 ? 2 : 1;
    }
    return ~(has == 2 ? by_instruction(~0u, bytes, count) : by_table(~0u, bytes, count));
}
