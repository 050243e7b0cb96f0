// What the kernel makes of a start info, case by case.
#include "firmware.h"

enum { INFO = 0x1000, MAP = 0x2000, LINE = 0x3000, MODULE = 0x4000, RSDP = 0x5000, XSDT = 0x5100, MADT = 0x5200, MIB = 1 << 20 };

static struct start_info *info;
static struct memory_map_entry *map;
static struct module *module;

// An ordinary machine of 512 MiB, the last two pages of it the file tree.
static void ordinary(void) {
    info = direct(INFO);
    map = direct(MAP);
    module = direct(MODULE);
    *info = (struct start_info) {.magic = START_MAGIC, .version = 1, .module_count = 1, .modules = MODULE, .command_line = LINE, .memory_map = MAP,
        .memory_map_count = 3};
    map[0] = (struct memory_map_entry) {0, 0x9fc00, MEMORY_RAM, 0};
    map[1] = (struct memory_map_entry) {0x9fc00, 0x400, 2, 0};
    map[2] = (struct memory_map_entry) {MIB, 511 * MIB, MEMORY_RAM, 0};
    *module = (struct module) {.start = 512 * MIB - 0x2000, .bytes = 0x1234};
    format(direct(LINE), 64, "boot.exit_port=0xf4");
}

static void add_range(uint64_t start, uint64_t bytes, uint32_t type) {
    map[info->memory_map_count++] = (struct memory_map_entry) {start, bytes, type, 0};
}

static void boots(uint64_t memory) {
    CHECK_IS(firmware_boot(INFO), -1);
    CHECK_IS(firmware_added(), memory);
}

static void refused(int code, const char *text) {
    CHECK_IS(firmware_boot(INFO), code);
    CHECK(host_has(host_said, text));
}

#define ORDINARY (512ul * MIB - KERNEL_TO - 0x2000)

static void takes_what_is_memory_and_not_in_use(void) {
    ordinary();
    boots(ORDINARY);
    CHECK(!strcmp(machine.command_line, "boot.exit_port=0xf4"));
    add_range(4ul << 30, 1ul << 30, MEMORY_RAM);
    add_range(0xfd00000000, 0x300000000, 2);
    boots(ORDINARY + (1ul << 30));
    add_range(511ul << 30, 2ul << 30, MEMORY_RAM);  // the direct map ends at 512 GiB
    boots(ORDINARY + (2ul << 30));
}

static void takes_memory_once(void) {
    ordinary();
    add_range(MIB, 511 * MIB, MEMORY_RAM);
    boots(ORDINARY);
    add_range(256 * MIB, 512 * MIB, MEMORY_RAM);
    boots(ORDINARY + 256 * MIB);
    add_range(0, 1ul << 30, MEMORY_RAM);
    boots(ORDINARY + 512 * MIB);
}

static void takes_nothing_that_any_range_keeps(void) {
    ordinary();
    add_range(16 * MIB, MIB, 2);
    boots(ORDINARY - MIB);
    add_range(32 * MIB + 1, 1, 3);
    boots(ORDINARY - MIB - PAGE_SIZE);
    add_range(0, 256 * MIB, 4);
    boots(256 * MIB - 0x2000);
}

static void refuses_ranges_behind_all_addresses(void) {
    ordinary();
    add_range(-PAGE_SIZE, 2 * PAGE_SIZE, 2);
    refused(EXIT_BOOT, "memory range 3");
    ordinary();
    add_range(MIB, UINT64_MAX, MEMORY_RAM);
    refused(EXIT_BOOT, "memory range 3");
}

static void refuses_trees_that_are_not_in_memory(void) {
    static const uint64_t bad[][2] = {{512 * MIB - 0x2000, 0x2001}, {512 * MIB, 0x1000}, {512 * MIB - 0x2000, UINT64_MAX}, {16 * MIB, UINT64_MAX - 16 * MIB},
        {-PAGE_SIZE, PAGE_SIZE}, {16 * MIB + 1, 100}, {600ul << 30, PAGE_SIZE}, {0, PAGE_SIZE}};
    for (unsigned i = 0; i < COUNT_OF(bad); i++) {
        ordinary();
        add_range(600ul << 30, 1ul << 30, MEMORY_RAM);
        module->start = bad[i][0];
        module->bytes = bad[i][1];
        refused(EXIT_IMAGE, "the file tree at");
    }
}

static void refuses_what_it_cannot_see_or_hold(void) {
    ordinary();
    CHECK_IS(firmware_boot(0), EXIT_BOOT);
    CHECK_IS(firmware_boot(SHOWN_BYTES - 4), EXIT_BOOT);
    static const uint32_t counts[] = {0, MEMORY_MAP_LIMIT + 1, UINT32_MAX};
    for (unsigned i = 0; i < COUNT_OF(counts); i++) {
        info->memory_map_count = counts[i];
        refused(EXIT_BOOT, "memory ranges");
    }
    static const uint64_t places[] = {0, SHOWN_BYTES - 8, SHOWN_BYTES, UINT64_MAX - 8};
    for (unsigned i = 0; i < COUNT_OF(places); i++) {
        ordinary();
        info->memory_map = places[i];
        refused(EXIT_BOOT, "not below 1 GiB");
        ordinary();
        info->modules = places[i];
        refused(EXIT_BOOT, "not below 1 GiB");
        ordinary();
        info->command_line = places[i] ? places[i] : SHOWN_BYTES - 1;
        refused(EXIT_BOOT, "not below 1 GiB");
    }
    ordinary();
    memset(direct(LINE), 'x', 2048);
    refused(EXIT_BOOT, "the command line has more than");
    memset(direct(LINE + 2047), 0, 1);
    boots(ORDINARY);
}

static void put_table(uint64_t at, const char *signature, const void *body, uint32_t bytes) {
    uint32_t length = 36 + bytes;
    char *table = memset(direct(at), 0, length);
    memcpy(table, signature, 4);
    memcpy(table + 4, &length, 4);
    memcpy(table + 36, body, bytes);
    for (uint32_t i = 0, sum = 0; i < length; i++) {
        sum += (uint8_t) table[i];
        table[9] = i + 1 == length ? (char) -sum : 0;
    }
}

static void starts_each_processor_once(void) {
    static const uint8_t madt[] = {0, 0, 0xe0, 0xfe, 1, 0, 0, 0, 0, 8, 0, 0, 1, 0, 0, 0, 0, 8, 1, 1, 1, 0, 0, 0, 0, 8, 2, 2, 0, 0, 0, 0,
        9, 16, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 16, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0};
    ordinary();
    info->rsdp = RSDP;
    char *root = memset(direct(RSDP), 0, 36);
    memcpy(root, "RSD PTR ", 8);
    root[15] = 2;
    memcpy(root + 24, &(uint64_t) {XSDT}, 8);
    put_table(XSDT, "XSDT", &(uint64_t) {MADT}, 8);
    put_table(MADT, "APIC", madt, sizeof madt);
    boots(ORDINARY);
    unsigned count;
    const uint32_t *processors = firmware_processors(&count);
    CHECK(count == 3 && processors[0] == 0 && processors[1] == 1 && processors[2] == 7);
}

static void does_without_tables_that_are_nowhere(void) {
    static const uint64_t places[] = {UINT64_MAX, UINT64_MAX - 20, 1ul << 51, 0x2fff80100000, 0x300000000000, SHOWN_BYTES - 8, 3};
    for (unsigned i = 0; i < COUNT_OF(places); i++) {
        ordinary();
        info->rsdp = places[i];
        boots(ORDINARY);
    }
}

int main(void) {
    firmware_start();
    RUN(takes_what_is_memory_and_not_in_use);
    RUN(takes_memory_once);
    RUN(takes_nothing_that_any_range_keeps);
    RUN(refuses_ranges_behind_all_addresses);
    RUN(refuses_trees_that_are_not_in_memory);
    RUN(refuses_what_it_cannot_see_or_hold);
    RUN(starts_each_processor_once);
    RUN(does_without_tables_that_are_nowhere);
    return host_report();
}
