// See firmware.h.
#include "firmware.h"
#include "acpi.c"  // to start it again and again

void *kernel_map_device(uint64_t physical, uint64_t bytes, bool uncached);  // layout.c
void *mmap(void *at, size_t bytes, int protection, int flags, int fd, long offset);

enum { ADDED_LIMIT = 1024, MAP_LIMIT = 4096, MAPPED_BYTES_LIMIT = 1 << 26 };
#define TABLES_AT (2 * SHOWN_BYTES)  // page tables of the direct map: physical, behind a hole
#define TABLES_BYTES 0x400000ul
#define DEVICE_END 0xffffffff80000000ul

char text_start[1], constants_start[1], data_start[1], kernel_end[1];
pte_t boot_pml4[512], boot_pdpt[512];
const volatile uint64_t tree_note_physical, tree_note_bytes;

static struct {
    uint64_t from, to;
} added[ADDED_LIMIT];
static unsigned added_count;
static uint64_t tables_used;
static void *mapped[MAP_LIMIT];
static unsigned mapped_count;
static uint64_t mapped_bytes;
static pte_t device_entry;

void firmware_start(void) {
    ASSERT(mmap(direct(0), SHOWN_BYTES, 3, 0x104022, -1, 0) == direct(0));  // private, anonymous, not reserved; there or nowhere
    ASSERT(mmap(direct(TABLES_AT), TABLES_BYTES, 3, 0x104022, -1, 0) == direct(TABLES_AT));
}

// ---- Memory that the kernel takes ----------------------------------------------------------------------------------------------------------------

static bool overlap(uint64_t a_from, uint64_t a_to, uint64_t b_from, uint64_t b_to) {
    return a_from < b_to && b_from < a_to;
}

// The end of an entry of the map, if that has one.
static uint64_t end_of(const struct memory_map_entry *e) {
    ASSERT(e->start + e->bytes >= e->start);
    return e->start + e->bytes;
}

void pages_add(uint64_t from, uint64_t to) {
    bool is_memory = false;
    ASSERT(from < to && (from | to) % PAGE_SIZE == 0 && from >= 0x100000 && to <= 512ul << 30);
    for (unsigned i = 0; i < machine.memory_map_count; i++) {
        const struct memory_map_entry *e = &machine.memory_map[i];
        if (e->type == MEMORY_RAM) {
            is_memory |= from >= e->start && to <= end_of(e);
        } else {
            ASSERT(!e->bytes || !overlap(from, to, e->start, end_of(e)));
        }
    }
    ASSERT(is_memory);
    ASSERT(!overlap(from, to, KERNEL_FROM, KERNEL_TO));
    ASSERT(!overlap(from, to, machine.tree_physical, machine.tree_physical + machine.tree_bytes));
    for (unsigned i = 0; i < added_count; i++) {
        ASSERT(!overlap(from, to, added[i].from, added[i].to));
    }
    for (uint64_t at = MAX(from, SHOWN_BYTES); at < to; at = ALIGN_DOWN(at, HUGE_SIZE) + HUGE_SIZE) {
        pte_t *table = direct(boot_pdpt[at / SHOWN_BYTES] & PTE_ADDRESS);
        ASSERT((table[at / HUGE_SIZE % 512] & PTE_ADDRESS) == ALIGN_DOWN(at, HUGE_SIZE));
    }
    ASSERT(added_count < ADDED_LIMIT);
    added[added_count].from = from;
    added[added_count++].to = to;
}

uint64_t firmware_added(void) {
    uint64_t bytes = 0;
    for (unsigned i = 0; i < added_count; i++) {
        bytes += added[i].to - added[i].from;
    }
    return bytes;
}

void *pages_allocate_zeroed(unsigned order) {
    ASSERT(!order && tables_used + PAGE_SIZE <= TABLES_BYTES);
    tables_used += PAGE_SIZE;
    return memset(direct(TABLES_AT + tables_used - PAGE_SIZE), 0, PAGE_SIZE);
}

// ---- Tables of firmware --------------------------------------------------------------------------------------------------------------------------

pte_t *tables_entry(uint64_t address, bool make) {
    (void) make;
    ASSERT(address >= DEVICE_AREA && address < DEVICE_END);
    device_entry = 0;
    return &device_entry;
}

bool tables_map(uint64_t address, uint64_t physical, uint64_t bytes, pte_t flags) {
    (void) flags;
    ASSERT(address == DEVICE_AREA + physical && bytes == PAGE_SIZE);
    return true;
}

// What the kernel maps, as a copy that the address sanitizer guards: whole pages, and nothing where no memory is.
void *map_device(uint64_t physical, uint64_t bytes, bool uncached) {
    if (!kernel_map_device(physical, bytes, uncached)) {
        return NULL;
    }
    uint64_t from = ALIGN_DOWN(physical, PAGE_SIZE), to = ALIGN_UP(physical + bytes, PAGE_SIZE);
    ASSERT(from < to);
    mapped_bytes += to - from;
    if (mapped_count == MAP_LIMIT || mapped_bytes > MAPPED_BYTES_LIMIT) {
        return NULL;
    }
    char *copy = memset(aligned_alloc(PAGE_SIZE, to - from), 0xff, to - from);
    if (from < SHOWN_BYTES) {
        memcpy(copy, direct(from), MIN(to, SHOWN_BYTES) - from);
    }
    mapped[mapped_count++] = copy;
    return copy + (physical - from);
}

void ioapic_add(uint64_t physical, uint32_t first_line) {
    (void) physical, (void) first_line;
}

const uint32_t *firmware_processors(unsigned *count) {
    *count = processor_count;
    return processors;
}

// ---- The way -------------------------------------------------------------------------------------------------------------------------------------

static void boot(void *start_info) {
    start_info_read(*(uint32_t *) start_info);
    ASSERT(strlen(machine.command_line) < sizeof machine.command_line);
    memory_start(KERNEL_TO);
    acpi_start();
    for (unsigned i = 0; i < processor_count; i++) {
        for (unsigned other = 0; other < i; other++) {
            ASSERT(processors[i] != processors[other]);
        }
    }
    for (uint64_t at = 0; at < machine.tree_bytes; at += PAGE_SIZE) {
        uint64_t physical = machine.tree_physical + at;
        ASSERT(physical < SHOWN_BYTES || boot_pdpt[physical / SHOWN_BYTES]);
    }
}

int firmware_boot(uint32_t start_info) {
    machine = (struct machine) {.cpus = 1};
    memset(boot_pdpt, 0, sizeof boot_pdpt);
    added_count = processor_count = 0;
    tables_used = mapped_bytes = 0;
    can_sleep = false;
    memset(&reset_register, 0, sizeof reset_register);
    memset(&sleep_control, 0, sizeof sleep_control);
    int code = host_ends(boot, &start_info);
    while (mapped_count) {
        free(mapped[--mapped_count]);
    }
    return code;
}
