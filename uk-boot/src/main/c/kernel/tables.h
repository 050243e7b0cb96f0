// Page tables, for the files that keep the address space of the JVM.
#ifndef UK_TABLES_H
#define UK_TABLES_H

#include "memory.h"

enum { HUGE_SHIFT = 21 };

// The entry that would map 2 MiB at once: a leaf if it has PTE_HUGE, else a table or 0. NULL if memory is out.
pte_t *tables_huge_entry(uint64_t address, bool make);

// Makes sure that no huge page has the address in its middle. false if memory is out.
bool tables_split(uint64_t address);

// Called for each entry in use that lies wholly in a range: leaves, and after those below it, each table (shift says of which level). No huge
// page may be partly inside.
typedef void tables_visitor(pte_t *entry, uint64_t address, unsigned shift, void *context);
void tables_visit(uint64_t from, uint64_t to, tables_visitor *visitor, void *context);
bool tables_is_table(pte_t entry, unsigned shift);

// Makes the processor that calls forget the translations of a range, of a page, or all that are not global.
void tlb_flush_here(uint64_t from, uint64_t to);
#ifdef UK_HOST_TEST
void tlb_flush_page(uint64_t address);
void tlb_flush_all(void);
#else
static inline void tlb_flush_page(uint64_t address) {
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline void tlb_flush_all(void) {
    uint64_t root;
    __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(root) : : "memory");
}
#endif

#endif
