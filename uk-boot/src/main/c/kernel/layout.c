// The kernel's own half of the address space: the direct map, device registers, and rights on the kernel itself.
#include "boot.h"
#include "lock.h"
#include "memory.h"

enum { FIRST_GIB = 1 << 30 };
#define LOW_MEMORY 0x100000ul  // firmware's, and the trampoline of further processors

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

// Adds from..to but for what is reserved of it.
static void add_free(uint64_t from, uint64_t to, const struct memory_range *reserved, unsigned count) {
    for (unsigned i = 0; i < count && from < to; i++) {
        if (reserved[i].from < to && from < reserved[i].to) {
            if (from < reserved[i].from) {
                add_free(from, reserved[i].from, reserved, count);
            }
            from = reserved[i].to;
            i = 0u - 1;  // the rest may touch an earlier one
        }
    }
    if (from < to) {
        pages_add(from, to);
    }
}

void memory_start(const struct memory_range *reserved, unsigned count) {
    uint64_t limit = 512ul << 30;
    for (unsigned high = 0; high < 2; high++) {  // what boot.S shows gives the tables for the rest
        for (unsigned i = 0; i < machine.memory_map_count; i++) {
            const struct memory_map_entry *e = &machine.memory_map[i];
            uint64_t from = MAX(ALIGN_UP(e->start, PAGE_SIZE), LOW_MEMORY), to = MIN(ALIGN_DOWN(e->start + e->bytes, PAGE_SIZE), limit);
            from = high ? MAX(from, (uint64_t) FIRST_GIB) : from;
            to = high ? to : MIN(to, (uint64_t) FIRST_GIB);
            if (e->type == MEMORY_RAM && from < to) {
                if (high) {
                    map_direct(from, to);
                }
                add_free(from, to, reserved, count);
                machine.memory_bytes += to - from;
            }
        }
    }
}

void *map_device(uint64_t physical, uint64_t bytes, bool uncached) {
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
