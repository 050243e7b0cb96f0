// Page tables: four levels, one set for all processors. Entries that are not present may still have a frame (PROT_NONE keeps contents); bits of
// those are ours, so PTE_HUGE and PTE_OWNED mean the same there.
#include "tables.h"
#include "cpu.h"

enum { TOP_SHIFT = 39, BITS = 9, RANGE_PAGES = 32 };

static pte_t *table_of(pte_t entry) {
    return direct(entry & PTE_ADDRESS);
}

static bool is_leaf(pte_t entry, unsigned shift) {
    return shift == PAGE_SHIFT || (entry & PTE_HUGE);
}

// Puts a table of 512 small pages in the place of a huge one. The translation stays the same, so nobody has to forget anything yet.
static bool split(pte_t *entry) {
    pte_t *table = pages_allocate(0);
    if (!table) {
        return false;
    }
    pte_t first = *entry & ~PTE_HUGE;
    for (unsigned i = 0; i < 512; i++) {
        table[i] = first + i * PAGE_SIZE;
    }
    *entry = physical_of(table) | PTE_PRESENT | PTE_WRITE | PTE_USER;
    return true;
}

// The entry of the given level (PAGE_SHIFT or HUGE_SHIFT) for an address.
static pte_t *walk(uint64_t address, unsigned to_shift, bool make) {
    pte_t *table = tables_root;
    for (unsigned shift = TOP_SHIFT;; shift -= BITS) {
        pte_t *entry = table + (address >> shift & 511);
        if (shift == to_shift) {
            return entry;
        }
        if (!*entry) {
            void *made = make ? pages_allocate_zeroed(0) : NULL;
            if (!made) {
                return NULL;
            }
            *entry = physical_of(made) | PTE_PRESENT | PTE_WRITE | PTE_USER;
        } else if (is_leaf(*entry, shift) && !split(entry)) {
            return NULL;
        }
        table = table_of(*entry);
    }
}

pte_t *tables_entry(uint64_t address, bool make) {
    return walk(address, PAGE_SHIFT, make);
}

pte_t *tables_huge_entry(uint64_t address, bool make) {
    return walk(address, HUGE_SHIFT, make);
}

bool tables_split(uint64_t address) {
    pte_t *entry = address % HUGE_SIZE ? walk(address, HUGE_SHIFT, false) : NULL;
    return !entry || !(*entry & PTE_HUGE) || split(entry);
}

bool tables_map(uint64_t address, uint64_t physical, uint64_t bytes, pte_t flags) {
    for (uint64_t at = 0; at < bytes; at += PAGE_SIZE) {
        pte_t *entry = tables_entry(address + at, true);
        if (!entry) {
            return false;
        }
        *entry = (physical + at) | flags;
    }
    return true;
}

// Visits the leaves of from..to in one table and those below it.
static void visit_table(pte_t *table, unsigned shift, uint64_t from, uint64_t to, tables_visitor *visitor, void *context) {
    uint64_t span = 1ul << shift;
    for (uint64_t at = from; at < to;) {
        uint64_t end = MIN(ALIGN_DOWN(at, span) + span, to);
        pte_t *entry = table + (at >> shift & 511);
        bool leaf = *entry && is_leaf(*entry, shift), whole = end - at == span;
        ASSERT(!leaf || whole);
        if (*entry && !leaf) {
            visit_table(table_of(*entry), shift - BITS, at, end, visitor, context);
        }
        if (*entry && whole) {  // a table below has nothing outside of the range
            visitor(entry, at, shift, context);
        }
        at = end;
    }
}

void tables_visit(uint64_t from, uint64_t to, tables_visitor *visitor, void *context) {
    visit_table(tables_root, TOP_SHIFT, from, to, visitor, context);
}

bool tables_is_table(pte_t entry, unsigned shift) {
    return !is_leaf(entry, shift);
}

void tlb_flush_here(uint64_t from, uint64_t to) {
    if (to - from <= RANGE_PAGES * PAGE_SIZE) {
        for (uint64_t at = from; at < to; at += PAGE_SIZE) {
            tlb_flush_page(at);
        }
    } else {
        tlb_flush_all();
    }
}

void tlb_flush(uint64_t from, uint64_t to) {
    tlb_flush_here(from, to);
    cpus_flush(from, to);
}
