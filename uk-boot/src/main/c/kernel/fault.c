// What happens when a page is touched that is not there, or not there for that. A frame is got ready without the lock, so that faults of several
// processors do not wait for each other's zeroing and copying, and is put in place only if nothing has changed meanwhile.
#include "areas.h"
#include "file.h"
#include "tables.h"

// What a fault needs before it can be settled.
struct need {
    enum { NOTHING, ZEROED, HUGE_ZEROED, FILE_PAGE } what;
    bool copy;            // of the file's page, since it will be written to
    struct file *file;    // one reference
    uint64_t offset;
    uint64_t generation;  // of the areas when this was found out
};

static bool is_allowed(const struct area *area, enum fault_access access) {
    int needed = access == FAULT_WRITE ? PROT_WRITE : access == FAULT_EXECUTE ? PROT_EXEC : PROT_READ;
    // The processor cannot deny reading of what may be written or executed.
    return access == FAULT_READ ? area->protection != PROT_NONE : (area->protection & needed) != 0;
}

// The entry that has the page, huge or not; 0 if there is none.
static pte_t current_entry(uint64_t address) {
    pte_t *huge = tables_huge_entry(address, false);
    if (!huge || !*huge || (*huge & PTE_HUGE)) {
        return huge ? *huge : 0;
    }
    return *tables_entry(address, false);
}

static bool fits_huge(const struct area *area, uint64_t address) {
    uint64_t start = ALIGN_DOWN(address, HUGE_SIZE);
    if (!area->huge || start < area->from || start + HUGE_SIZE > area->to || pages_available() < pages_total() / 8) {
        return false;
    }
    pte_t *entry = tables_huge_entry(address, false);
    return !entry || !*entry;
}

// With the lock held: settles the fault, or says what it needs.
static enum fault_result look(uint64_t address, enum fault_access access, struct need *need) {
    struct area *area = area_of(address);
    *need = (struct need) {.what = NOTHING, .generation = areas_generation};
    if (!area) {
        return FAULT_UNMAPPED;
    }
    if (!is_allowed(area, access)) {
        return FAULT_FORBIDDEN;
    }
    pte_t entry = current_entry(address);
    bool settled = (entry & PTE_PRESENT) && (access != FAULT_WRITE || (entry & PTE_WRITE));
    if (settled) {
        tlb_flush_page(address);  // another processor was faster
        return FAULT_DONE;
    }
    uint64_t offset = area->offset + (ALIGN_DOWN(address, PAGE_SIZE) - area->from);
    if (area->kind == AREA_PHYSICAL) {
        pte_t *target = tables_entry(address, true);
        if (!target) {
            return FAULT_NO_MEMORY;
        }
        *target = entry_of(area, offset, false);
    } else if (area->kind == AREA_FILE) {
        need->what = FILE_PAGE;
        need->copy = access == FAULT_WRITE && !area->shared;
        need->file = area->file;
        need->offset = offset;
        file_keep(area->file);
    } else {
        need->what = fits_huge(area, address) ? HUGE_ZEROED : ZEROED;
    }
    return FAULT_DONE;
}

// Puts a frame in place if everything is as it was. true if the frame was used.
static bool settle(uint64_t address, const struct need *need, uint64_t frame, bool owned) {
    struct area *area = areas_generation == need->generation ? area_of(address) : NULL;
    bool huge = need->what == HUGE_ZEROED;
    pte_t *entry = !area ? NULL : huge ? tables_huge_entry(address, true) : tables_entry(address, true);
    bool expected = entry && (*entry == 0 || (need->copy && !(*entry & PTE_OWNED)));
    if (!expected) {
        return false;
    }
    bool replaces = *entry != 0;
    *entry = entry_of(area, frame, owned) | (huge ? PTE_HUGE : 0);
    if (replaces) {
        tlb_flush(ALIGN_DOWN(address, PAGE_SIZE), ALIGN_DOWN(address, PAGE_SIZE) + PAGE_SIZE);
    }
    return true;
}

static enum fault_result supply(uint64_t address, struct need *need) {
    uint64_t source = 0;
    if (need->what == FILE_PAGE) {
        source = need->file->operations->page(need->file, need->offset);
        if (!source) {
            return FAULT_BEYOND_FILE;
        }
    }
    bool owned = need->what != FILE_PAGE || need->copy;
    void *block = NULL;
    if (need->what == HUGE_ZEROED) {
        block = pages_allocate_zeroed(ORDER_HUGE);
        need->what = block ? HUGE_ZEROED : ZEROED;
    }
    if (owned && !block) {
        block = need->copy ? pages_allocate(0) : pages_allocate_zeroed(0);
        if (!block) {
            return FAULT_NO_MEMORY;
        }
        if (need->copy) {
            memcpy(block, direct(source), PAGE_SIZE);
        }
    }
    lock_acquire(&memory_lock);
    bool used = settle(address, need, owned ? physical_of(block) : source, owned);
    lock_release(&memory_lock);
    if (owned && !used) {
        pages_free(block, need->what == HUGE_ZEROED ? ORDER_HUGE : 0);
    }
    return FAULT_DONE;
}

// If something changed meanwhile the instruction faults again, and all is looked at anew.
enum fault_result fault_handle(uint64_t address, enum fault_access access) {
    struct need need;
    lock_acquire(&memory_lock);
    enum fault_result result = look(address, access, &need);
    lock_release(&memory_lock);
    if (result == FAULT_DONE && need.what != NOTHING) {
        result = supply(address, &need);
    }
    if (need.file) {
        file_put(need.file);
    }
    return result;
}
