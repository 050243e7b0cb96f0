// Areas: what of the JVM's address space is mapped, as what. All of this is under memory_lock.
#ifndef UK_AREAS_H
#define UK_AREAS_H

#include "lock.h"
#include "memory.h"

enum area_kind { AREA_ANONYMOUS, AREA_FILE, AREA_PHYSICAL };

struct area {
    uint64_t from, to;
    enum area_kind kind;
    int protection;
    int limit;           // rights that mprotect may give at most
    bool shared;         // a file's pages are written to themselves
    bool uncached;
    bool huge;           // may have pages of 2 MiB
    struct file *file;   // one reference
    uint64_t offset;     // in the file, or the physical address
    struct area *left, *right;
    uint32_t priority;
};

extern struct lock memory_lock;

// The first area that ends after address; NULL if there is none.
struct area *areas_at_or_after(uint64_t address);
struct area *area_of(uint64_t address);  // the one with the address in it, or NULL
struct area *areas_before(uint64_t address);  // the last one that starts before it
bool areas_add(const struct area *template);  // takes over a reference of the file; false if memory is out. Joins neighbours alike
// Makes areas, and pages, begin and end at both ends of a range: a huge page is never of two areas. false if memory is out.
bool areas_split(uint64_t from, uint64_t to);
void areas_remove(struct area *area);  // gives up the file
// Joins the areas around from..to with those like them.
void areas_join(uint64_t from, uint64_t to);
// A free range of that many bytes, at hint if that is free; 0 if there is none.
uint64_t areas_find_free(uint64_t hint, uint64_t bytes);
bool areas_is_free(uint64_t from, uint64_t to);

// Takes frames and tables of a range away from user code, and frees them once no processor can reach them. false if memory was out.
bool frames_release(uint64_t from, uint64_t to);
// The bits of an entry for a page of an area.
pte_t entry_of(const struct area *area, uint64_t frame, bool owned);

#endif
