// Prints what fuzzing starts from: a start info as QEMU makes one, with ACPI's tables, as start_fuzz.c lays it out.
#include "firmware.h"

long write(int fd, const void *from, size_t bytes);

enum { PLACE = 0x1000, SEED_BYTES = 0x800 };
static uint8_t seed[SEED_BYTES];

static void put(uint32_t at, const void *from, size_t bytes) {
    memcpy(seed + at, from, bytes);
}

static void put_table(uint32_t at, const char *signature, const void *body, uint32_t bytes) {
    uint32_t length = 36 + bytes;
    put(at, signature, 4);
    put(at + 4, &length, 4);
    put(at + 36, body, bytes);
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++) {
        sum = (uint8_t) (sum + seed[at + i]);
    }
    seed[at + 9] = (uint8_t) -sum;
}

int main(void) {
    enum { MAP = 0x40, LINE = 0x100, MODULE = 0x120, RSDP = 0x140, XSDT = 0x180, MADT = 0x200, FADT = 0x300, DSDT = 0x500 };
    const struct start_info info = {.magic = START_MAGIC, .version = 1, .module_count = 1, .modules = PLACE + MODULE, .command_line = PLACE + LINE,
        .rsdp = PLACE + RSDP, .memory_map = PLACE + MAP, .memory_map_count = 6};
    const struct memory_map_entry map[] = {{0, 0x9fc00, 1, 0}, {0x9fc00, 0x400, 2, 0}, {0x100000, 0x3fe00000, 1, 0}, {0x3ff00000, 0x100000, 2, 0},
        {0x100000000, 0x40000000, 1, 0}, {0xfd00000000, 0x300000000, 2, 0}};
    const struct module module = {.start = 0x3f000000, .bytes = 0x12345};
    const struct {
        char signature[8];
        uint8_t checksum, names[6], revision;
        uint32_t rsdt, length;
        uint64_t xsdt;
    } __attribute__((packed)) root = {"RSD PTR ", 0, {0}, 2, 0, 36, PLACE + XSDT};
    const uint64_t tables[] = {PLACE + MADT, PLACE + FADT};
    const uint8_t madt[] = {0, 0, 0xe0, 0xfe, 1, 0, 0, 0, 0, 8, 0, 0, 1, 0, 0, 0, 0, 8, 1, 1, 1, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,
        9, 16, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
    uint8_t fadt[244 - 36 + 12] = {0}, dsdt[16] = {0x08, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 0x0a, 5, 0, 0};
    memcpy(fadt + 140 - 36, &(uint64_t) {PLACE + DSDT}, 8);
    put(0, &info, sizeof info);
    put(MAP, map, sizeof map);
    put(LINE, "boot.exit_port=0xf4", 20);
    put(MODULE, &module, sizeof module);
    put(RSDP, &root, sizeof root);
    put_table(XSDT, "XSDT", tables, sizeof tables);
    put_table(MADT, "APIC", madt, sizeof madt);
    put_table(FADT, "FACP", fadt, sizeof fadt);
    put_table(DSDT, "DSDT", dsdt, sizeof dsdt);
    return write(1, seed, sizeof seed) != (long) sizeof seed;
}
