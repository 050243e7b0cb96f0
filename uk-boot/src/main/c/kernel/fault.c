// What happens when a page is touched that is not there, or not there for that. A frame is got ready without the lock, so that faults of several
// processors do not wait for each other's zeroing and copying, and is put in place only if it is still what the place wants.
#include "areas.h"
#include "file.h"
#include "tables.h"

// What a fault needs before it can be settled.
struct need {
    enum { NOTHING, ZEROED, HUGE_ZEROED, FILE_PAGE } what;
    bool copy;            // of the file's page, since it will be written to
    struct file *file;    // one reference
    uint64_t offset;
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

static uint64_t offset_of(const struct area *area, uint64_t address) {
    return area->offset + (ALIGN_DOWN(address, PAGE_SIZE) - area->from);
}

static bool copies(const struct area *area, enum fault_access access) {
    return area->kind == AREA_FILE && access == FAULT_WRITE && !area->shared;
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
    *need = (struct need) {.what = NOTHING};
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
    if (area->kind == AREA_PHYSICAL) {
        pte_t *target = tables_entry(address, true);
        if (!target) {
            return FAULT_NO_MEMORY;
        }
        *target = entry_of(area, offset_of(area, address), false);
    } else if (area->kind == AREA_FILE) {
        need->what = FILE_PAGE;
        need->copy = copies(area, access);
        need->file = area->file;
        need->offset = offset_of(area, address);
        file_keep(area->file);
    } else {
        need->what = fits_huge(area, address) ? HUGE_ZEROED : ZEROED;
    }
    return FAULT_DONE;
}

// Whether what was got ready is what the place wants, too, if it was mapped anew meanwhile.
static bool suits(const struct area *area, uint64_t address, enum fault_access access, const struct need *need) {
    if (!area || !is_allowed(area, access) || area->kind == AREA_PHYSICAL || area->file != need->file) {
        return false;
    }
    if (area->file) {
        return need->offset == offset_of(area, address) && need->copy == copies(area, access);
    }
    return need->what != HUGE_ZEROED || fits_huge(area, address);
}

// Puts a frame in place, and tells whether it did.
static enum fault_result settle(uint64_t address, enum fault_access access, const struct need *need, uint64_t frame, bool owned, bool *used) {
    struct area *area = area_of(address);
    bool huge = need->what == HUGE_ZEROED;
    pte_t now = current_entry(address);
    if (!suits(area, address, access, need) || (need->copy ? (now & PTE_OWNED) : now)) {
        return FAULT_DONE;  // another processor was faster
    }
    pte_t *entry = huge ? tables_huge_entry(address, true) : tables_entry(address, true);
    if (!entry) {
        return FAULT_NO_MEMORY;
    }
    bool replaces = *entry != 0;
    *used = true;
    *entry = entry_of(area, frame, owned) | (huge ? PTE_HUGE : 0);
    if (replaces) {
        tlb_flush(ALIGN_DOWN(address, PAGE_SIZE), ALIGN_DOWN(address, PAGE_SIZE) + PAGE_SIZE);
    }
    return FAULT_DONE;
}

static enum fault_result supply(uint64_t address, enum fault_access access, struct need *need) {
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
    bool used = false;
    lock_acquire(&memory_lock);
    enum fault_result result = settle(address, access, need, owned ? physical_of(block) : source, owned, &used);
    lock_release(&memory_lock);
    if (owned && !used) {
        pages_free(block, need->what == HUGE_ZEROED ? ORDER_HUGE : 0);
    }
    return result;
}

// If something changed meanwhile the instruction faults again, and all is looked at anew.
enum fault_result fault_handle(uint64_t address, enum fault_access access) {
    struct need need;
    lock_acquire(&memory_lock);
    enum fault_result result = look(address, access, &need);
    lock_release(&memory_lock);
    if (result == FAULT_DONE && need.what != NOTHING) {
        result = supply(address, access, &need);
    }
    if (need.file) {
        file_put(need.file);
    }
    return result;
}
