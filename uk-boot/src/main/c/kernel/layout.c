// The kernel's own half of the address space: the direct map, device registers, and rights on the kernel itself.
#include "boot.h"
#include "lock.h"
#include "memory.h"

enum { FIRST_GIB = 1 << 30 };
#define LOW_MEMORY 0x100000ul      // firmware's, and the trampoline of further processors
#define DEVICE_BYTES (1ul << 45)    // of the device area, which must not reach the kernel
#define DIRECT_BYTES (512ul << 30)  // of the direct map: one table of tables

extern char text_start[], constants_start[], data_start[], kernel_end[];
extern pte_t boot_pml4[512], boot_pdpt[512];

pte_t *tables_root = boot_pml4;
static struct lock lock = LOCK_INIT("kernel map");

static uint64_t image_physical(const void *address) {
    return (uint64_t) address - KERNEL_BASE;
}

bool memory_is_ram(uint64_t physical, uint64_t bytes) {
    for (unsigned i = 0; i < machine.memory_map_count; i++) {
        const struct memory_map_entry *e = &machine.memory_map[i];
        if (e->type != 2 && physical < e->start + e->bytes && e->start < physical + bytes) {
            return true;
        }
    }
    return false;
}

// Shows a range of memory at its direct address, in pages of 2 MiB.
static void map_direct(uint64_t from, uint64_t to) {
    for (uint64_t at = ALIGN_DOWN(from, HUGE_SIZE); at < to; at += HUGE_SIZE) {
        pte_t *table = boot_pdpt + at / FIRST_GIB;
        if (!*table) {
            pte_t *made = pages_allocate_zeroed(0);
            if (!made) {
                machine_exit(EXIT_MEMORY, "no memory for page tables");
            }
            *table = physical_of(made) | PTE_PRESENT | PTE_WRITE;
        }
        pte_t *entries = direct(*table & PTE_ADDRESS);
        entries[at / HUGE_SIZE % 512] = at | PTE_PRESENT | PTE_WRITE | PTE_HUGE | PTE_GLOBAL | PTE_NX;
    }
}

struct memory_range {
    uint64_t from, to;
};

// What the kernel can take of an entry: whole pages, where the direct map goes, not firmware's.
static struct memory_range usable(const struct memory_map_entry *e) {
    return (struct memory_range) {MAX(ALIGN_UP(MIN(e->start, DIRECT_BYTES), PAGE_SIZE), LOW_MEMORY),
                                  ALIGN_DOWN(MIN(e->start + e->bytes, DIRECT_BYTES), PAGE_SIZE)};
}

// All pages that a range touches, as far as the direct map goes.
static struct memory_range touched(uint64_t start, uint64_t bytes) {
    return (struct memory_range) {ALIGN_DOWN(MIN(start, DIRECT_BYTES), PAGE_SIZE), ALIGN_UP(MIN(start + bytes, DIRECT_BYTES), PAGE_SIZE)};
}

bool memory_holds(uint64_t physical, uint64_t bytes) {
    for (unsigned i = 0; i < machine.memory_map_count; i++) {
        struct memory_range r = usable(&machine.memory_map[i]);
        if (machine.memory_map[i].type == MEMORY_RAM && physical >= r.from && physical < r.to && bytes <= r.to - physical) {
            return true;
        }
    }
    return false;
}

// Adds from..to but for what is taken of it.
static void add_free(uint64_t from, uint64_t to, const struct memory_range *taken, unsigned count) {
    while (from < to) {
        uint64_t end = to;
        bool free = true;
        for (unsigned i = 0; i < count; i++) {
            if (taken[i].from <= from && from < taken[i].to) {
                free = false;
                end = taken[i].to;
            } else if (taken[i].from > from) {
                end = MIN(end, taken[i].from);
            }
        }
        if (free) {
            pages_add(from, end);
        }
        from = end;
    }
}

// Ranges may overlap: what any of them keeps is taken, and what two give is given once.
void memory_start(uint64_t kernel_end_physical) {
    static struct memory_range taken[MEMORY_MAP_LIMIT + 2];
    for (unsigned high = 0; high < 2; high++) {  // what boot.S shows gives the tables for the rest
        unsigned count = 0;
        taken[count++] = (struct memory_range) {0, kernel_end_physical};
        taken[count++] = touched(machine.tree_physical, machine.tree_bytes);
        for (unsigned i = 0; i < machine.memory_map_count; i++) {
            const struct memory_map_entry *e = &machine.memory_map[i];
            if (e->type != MEMORY_RAM && e->bytes) {
                taken[count++] = touched(e->start, e->bytes);
            }
        }
        for (unsigned i = 0; i < machine.memory_map_count; i++) {
            const struct memory_map_entry *e = &machine.memory_map[i];
            struct memory_range r = usable(e);
            uint64_t from = high ? MAX(r.from, (uint64_t) FIRST_GIB) : r.from, to = high ? r.to : MIN(r.to, (uint64_t) FIRST_GIB);
            if (e->type == MEMORY_RAM && r.from < r.to) {
                if (from < to) {
                    if (high) {
                        map_direct(from, to);
                    }
                    add_free(from, to, taken, count);
                    machine.memory_bytes += to - from;
                }
                taken[count++] = r;
            }
        }
    }
}

void *map_device(uint64_t physical, uint64_t bytes, bool uncached) {
    if (physical >= DEVICE_BYTES || bytes > DEVICE_BYTES - physical) {
        return NULL;
    }
    uint64_t from = ALIGN_DOWN(physical, PAGE_SIZE), to = ALIGN_UP(physical + bytes, PAGE_SIZE);
    bool mapped = true;
    lock_acquire(&lock);
    for (uint64_t at = from; mapped && at < to; at += PAGE_SIZE) {
        pte_t *entry = tables_entry(DEVICE_AREA + at, false);
        if (!entry || !*entry) {
            mapped = tables_map(DEVICE_AREA + at, at, PAGE_SIZE, PTE_PRESENT | PTE_WRITE | PTE_GLOBAL | PTE_NX | (uncached ? PTE_UNCACHED : 0));
        }
    }
    lock_release(&lock);
    return mapped ? (void *) (DEVICE_AREA + physical) : NULL;
}

static pte_t rights_of(uint64_t physical) {
    if (physical >= image_physical(text_start) && physical < image_physical(constants_start)) {
        return PTE_PRESENT | PTE_GLOBAL;
    }
    return PTE_PRESENT | PTE_GLOBAL | PTE_NX | (physical < image_physical(data_start) ? 0 : PTE_WRITE);
}

void memory_protect_kernel(void) {
    uint64_t start = image_physical(text_start), end = image_physical(kernel_end);
    // The direct map shows the image a second time.
    pte_t *first_gib = direct(boot_pdpt[0] & PTE_ADDRESS);
    for (unsigned i = 0; i < 512; i++) {
        if (i * HUGE_SIZE >= ALIGN_UP(end, HUGE_SIZE)) {
            first_gib[i] |= PTE_NX;
        }
    }
    // What boot.S made is one table for both; the image gets its own, of small pages.
    pte_t *directory = pages_allocate_zeroed(0);
    for (uint64_t at = start; directory && at < end; at += PAGE_SIZE) {
        pte_t *table = directory + at / HUGE_SIZE;
        if (!*table) {
            void *made = pages_allocate_zeroed(0);
            *table = made ? physical_of(made) | PTE_PRESENT | PTE_WRITE : 0;
        }
        if (!*table) {
            machine_exit(EXIT_MEMORY, "no memory for page tables");
        }
        ((pte_t *) direct(*table & PTE_ADDRESS))[at / PAGE_SIZE % 512] = at | rights_of(at);
    }
    pte_t *image = direct((boot_pml4[511] & PTE_ADDRESS));
    image[510] = physical_of(directory) | PTE_PRESENT | PTE_WRITE;
    uint64_t cr4;  // global translations go only so
    __asm__ volatile("mov %%cr4, %0; mov %0, %%rcx; and $~0x80, %%rcx; mov %%rcx, %%cr4; mov %0, %%cr4" : "=r"(cr4) : : "rcx", "memory");
    for (uint64_t at = 0; at < ALIGN_UP(end, HUGE_SIZE); at += PAGE_SIZE) {
        pte_t *entry = tables_entry(DIRECT_MAP + at, false);
        if (entry) {
            *entry = at >= start && at < image_physical(data_start) ? (*entry & ~PTE_WRITE) | PTE_NX : *entry | PTE_NX;
        }
    }
    __asm__ volatile("mov %%cr4, %0; mov %0, %%rcx; and $~0x80, %%rcx; mov %%rcx, %%cr4; mov %0, %%cr4" : "=r"(cr4) : : "rcx", "memory");
}
