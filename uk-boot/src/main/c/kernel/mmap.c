// Mapping and unmapping: mmap(2), munmap(2), mprotect(2), madvise(2), mincore(2), brk(2).
#include "areas.h"
#include "file.h"
#include "tables.h"

enum { MADV_WILLNEED = 3, MADV_DONTNEED, MADV_FREE = 8, MADV_DONTFORK = 10, MADV_HUGEPAGE = 14, MADV_NOHUGEPAGE, MADV_PAGEOUT = 21,
       MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_DONTNEED_LOCKED, MADV_COLLAPSE, RELEASE_LIMIT = 128, ACCESS_MODE = 3, WRITE_ONLY = 1, READ_WRITE };

// ---- Frames that go: first out of the tables, then out of all processors' minds, then free ---------------------------------------------------

struct release {
    uint64_t from, to;
    bool changed;  // some translation went, so that all have to forget
    unsigned count;
    struct {
        void *block;
        unsigned order;
    } blocks[RELEASE_LIMIT];
};

static void release_now(struct release *release) {
    if (release->changed) {
        tlb_flush(release->from, release->to);
    }
    release->changed = false;
    for (unsigned i = 0; i < release->count; i++) {
        pages_free(release->blocks[i].block, release->blocks[i].order);
    }
    release->count = 0;
}

static void release_entry(pte_t *entry, uint64_t address, unsigned shift, void *context) {
    (void) address;
    struct release *release = context;
    pte_t old = *entry;
    *entry = 0;
    release->changed |= (old & PTE_PRESENT) != 0;
    if (tables_is_table(old, shift) || (old & PTE_OWNED)) {
        unsigned order = tables_is_table(old, shift) || shift == PAGE_SHIFT ? 0 : ORDER_HUGE;
        release->blocks[release->count].block = direct(old & PTE_ADDRESS);
        release->blocks[release->count++].order = order;
        if (release->count == RELEASE_LIMIT) {
            release_now(release);
        }
    }
}

bool frames_release(uint64_t from, uint64_t to) {
    struct release release = {.from = from, .to = to};
    if (!tables_split(from) || !tables_split(to)) {
        return false;
    }
    tables_visit(from, to, release_entry, &release);
    release_now(&release);
    return true;
}

pte_t entry_of(const struct area *area, uint64_t frame, bool owned) {
    pte_t entry = frame | (owned ? PTE_OWNED : 0);
    if (area->protection == PROT_NONE) {
        return owned ? entry : 0;  // kept, but not present
    }
    bool writable = (area->protection & PROT_WRITE) && (owned || area->shared || area->kind == AREA_PHYSICAL);
    return entry | PTE_PRESENT | PTE_USER | (writable ? PTE_WRITE : 0) | ((area->protection & PROT_EXEC) ? 0 : PTE_NX)
        | (area->uncached ? PTE_UNCACHED : 0);
}

// ---- Unmapping ---------------------------------------------------------------------------------------------------------------------------

static long unmap_locked(uint64_t from, uint64_t to) {
    if (!areas_split(from, to) || !frames_release(from, to)) {
        return -ENOMEM;
    }
    for (struct area *area = areas_at_or_after(from); area && area->from < to; area = areas_at_or_after(from)) {
        areas_remove(area);
    }
    return 0;
}

// A range that the user named, in whole pages; false if it is none.
static bool check_range(uint64_t address, uint64_t *bytes) {
    uint64_t rounded = ALIGN_UP(*bytes, PAGE_SIZE);
    bool fits = rounded >= *bytes && address < USER_END && rounded <= USER_END - address && address % PAGE_SIZE == 0;
    *bytes = rounded;
    return fits;
}

long unmap_memory(uint64_t address, uint64_t bytes) {
    if (!bytes || !check_range(address, &bytes)) {
        return -EINVAL;
    }
    lock_acquire(&memory_lock);
    long result = unmap_locked(address, address + bytes);
    lock_release(&memory_lock);
    return result;
}

// ---- Mapping -----------------------------------------------------------------------------------------------------------------------------

static long choose_address(uint64_t hint, uint64_t bytes, int flags) {
    if (!(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
        uint64_t found = areas_find_free(hint, bytes);
        return found ? (long) found : -ENOMEM;
    }
    if (!check_range(hint, &bytes)) {
        return hint % PAGE_SIZE ? -EINVAL : -ENOMEM;
    }
    if (hint < 0x10000) {
        return -EPERM;  // so that null pointers, and those near null, fault
    }
    if (areas_is_free(hint, hint + bytes)) {
        return (long) hint;
    }
    if (flags & MAP_FIXED_NOREPLACE) {
        return -EEXIST;
    }
    long error = unmap_locked(hint, hint + bytes);
    return error ? error : (long) hint;
}

static long map_locked(uint64_t hint, struct area *area, uint64_t bytes, int flags) {
    long address = choose_address(hint, bytes, flags);
    if (address < 0) {
        return address;
    }
    area->from = (uint64_t) address;
    area->to = area->from + bytes;
    if (area->file) {
        file_keep(area->file);
    }
    if (!areas_add(area)) {
        if (area->file) {
            file_put(area->file);
        }
        return -ENOMEM;
    }
    return address;
}

// Memory that is promised must be there now. What others touch meanwhile is not counted, so a promise may still be broken; but a heap that
// is larger than the machine is refused when it is committed.
static bool can_commit(uint64_t bytes, int protection, int flags) {
    return !(protection & PROT_WRITE) || (flags & MAP_NORESERVE) || bytes / PAGE_SIZE <= pages_available();
}

long map_memory(uint64_t hint, uint64_t bytes, int protection, int flags, struct file *file, uint64_t offset) {
    uint64_t rounded = ALIGN_UP(bytes, PAGE_SIZE);
    bool shared = (flags & MAP_SHARED) != 0, private = (flags & MAP_PRIVATE) != 0;
    if (!bytes || shared == private || offset % PAGE_SIZE || (protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC))) {
        return -EINVAL;
    }
    if (rounded < bytes || rounded > USER_END || offset + rounded < offset) {
        return -ENOMEM;
    }
    if (!file && !can_commit(rounded, protection, flags)) {
        return -ENOMEM;
    }
    bool read_only = shared && file && (file->flags & ACCESS_MODE) != READ_WRITE;
    // Without processes, shared anonymous memory is the same as private.
    struct area area = {.kind = file ? AREA_FILE : AREA_ANONYMOUS, .protection = protection,
        .limit = PROT_READ | PROT_EXEC | (read_only ? 0 : PROT_WRITE), .shared = shared && file, .file = file, .offset = offset};
    lock_acquire(&memory_lock);
    long address = map_locked(hint, &area, rounded, flags);
    lock_release(&memory_lock);
    return address;
}

long map_physical(uint64_t hint, uint64_t physical, uint64_t bytes, int protection, bool uncached) {
    struct area area = {.kind = AREA_PHYSICAL, .protection = protection, .limit = protection, .uncached = uncached, .offset = physical};
    lock_acquire(&memory_lock);
    long address = map_locked(hint, &area, bytes, hint ? MAP_FIXED : 0);
    lock_release(&memory_lock);
    return address;
}

static long populate(uint64_t from, uint64_t bytes, enum fault_access access) {
    for (uint64_t at = from; at < from + bytes; at += PAGE_SIZE) {
        switch (fault_handle(at, access)) {
        case FAULT_DONE: break;
        case FAULT_FORBIDDEN: return -EINVAL;
        case FAULT_BEYOND_FILE: return -EFAULT;
        default: return -ENOMEM;
        }
    }
    return 0;
}

long sys_mmap(uint64_t hint, uint64_t bytes, int protection, int flags, int fd, uint64_t offset) {
    struct file *file = NULL;
    if (!(flags & MAP_ANONYMOUS)) {
        file = file_get(fd);
        if (!file) {
            return -EBADF;
        }
        bool cannot = !file->operations->page || file->kind != FILE_REGULAR;
        int mode = file->flags & ACCESS_MODE;
        bool may_not = mode == WRITE_ONLY || ((flags & MAP_SHARED) && (protection & PROT_WRITE) && mode != READ_WRITE);
        if (cannot || may_not) {
            file_put(file);
            return cannot ? -ENODEV : -EACCES;
        }
    }
    long address = map_memory(hint, bytes, protection, flags, file, offset);
    if (file) {
        file_put(file);
    }
    if (address >= 0 && (flags & MAP_POPULATE)) {
        populate((uint64_t) address, bytes, (protection & PROT_WRITE) ? FAULT_WRITE : FAULT_READ);
    }
    return address;
}

long sys_munmap(uint64_t address, uint64_t bytes) {
    return unmap_memory(address, bytes);
}

// ---- Rights and advice -----------------------------------------------------------------------------------------------------------------------

struct rights {
    const struct area *area;
    bool fewer;  // some translation that processors may have is no longer right
};

static void set_rights(pte_t *entry, uint64_t address, unsigned shift, void *context) {
    (void) address;
    struct rights *rights = context;
    pte_t old = *entry;
    if (!tables_is_table(old, shift)) {
        *entry = entry_of(rights->area, old & PTE_ADDRESS, (old & PTE_OWNED) != 0) | (old & PTE_HUGE);
        // One that allows for more makes a fault at worst, and that looks again.
        rights->fewer |= (old & PTE_PRESENT) && ((old & ~*entry & (PTE_PRESENT | PTE_WRITE)) || (~old & *entry & PTE_NX));
    }
}

// Whether areas cover all of from..to.
static bool is_covered(uint64_t from, uint64_t to) {
    while (from < to) {
        struct area *area = area_of(from);
        if (!area) {
            return false;
        }
        from = area->to;
    }
    return true;
}

// 0 if all of from..to may be protected so. What becomes writable with it has to have memory.
static long check_protection(uint64_t from, uint64_t to, int protection) {
    uint64_t commits = 0;
    for (uint64_t at = from; at < to;) {
        struct area *area = area_of(at);
        if (!area || (protection & ~area->limit)) {
            return area ? -EACCES : -ENOMEM;
        }
        commits += area->kind == AREA_ANONYMOUS && !(area->protection & PROT_WRITE) ? MIN(area->to, to) - at : 0;
        at = area->to;
    }
    return can_commit(commits, protection, 0) ? 0 : -ENOMEM;
}

static long protect_locked(uint64_t from, uint64_t to, int protection) {
    long error = check_protection(from, to, protection);
    if (error || !areas_split(from, to)) {
        return error ? error : -ENOMEM;
    }
    struct rights rights = {0};
    for (struct area *area = areas_at_or_after(from); area && area->from < to; area = areas_at_or_after(area->to)) {
        area->protection = protection;
        rights.area = area;
        tables_visit(area->from, area->to, set_rights, &rights);
    }
    if (rights.fewer) {
        tlb_flush(from, to);
    }
    areas_join(from, to);
    return 0;
}

long sys_mprotect(uint64_t address, uint64_t bytes, int protection) {
    if (!check_range(address, &bytes) || (protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC))) {
        return address % PAGE_SIZE || (protection & ~7) ? -EINVAL : -ENOMEM;
    }
    lock_acquire(&memory_lock);
    long result = bytes ? protect_locked(address, address + bytes, protection) : 0;
    lock_release(&memory_lock);
    return result;
}

static long set_huge(uint64_t from, uint64_t to, bool huge) {
    if (!areas_split(from, to)) {
        return -ENOMEM;
    }
    for (struct area *area = areas_at_or_after(from); area && area->from < to; area = areas_at_or_after(area->to)) {
        area->huge = huge && area->kind == AREA_ANONYMOUS;
    }
    areas_join(from, to);
    return 0;
}

// Advice that can be followed, or ignored without harm. What takes a file's contents away (REMOVE), or promises to have made huge pages
// (COLLAPSE), is neither.
static bool is_known(int advice) {
    bool hint = (advice >= 0 && advice <= MADV_WILLNEED) || (advice >= MADV_DONTFORK && advice <= MADV_PAGEOUT);
    return hint || advice == MADV_DONTNEED || advice == MADV_FREE || (advice >= MADV_POPULATE_READ && advice <= MADV_DONTNEED_LOCKED);
}

static bool has_files(uint64_t from, uint64_t to) {
    struct area *area = areas_at_or_after(from);
    while (area && area->from < to && area->kind == AREA_ANONYMOUS) {
        area = areas_at_or_after(area->to);
    }
    return area && area->from < to;
}

long sys_madvise(uint64_t address, uint64_t bytes, int advice) {
    if (!check_range(address, &bytes) || !is_known(advice)) {
        return -EINVAL;
    }
    uint64_t end = address + bytes;
    lock_acquire(&memory_lock);
    long result = is_covered(address, end) ? 0 : -ENOMEM;
    bool populates = advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
    if (advice == MADV_FREE && has_files(address, end)) {
        result = -EINVAL;  // what was written to copies of a file's pages is not to be lost
    } else if (advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED || advice == MADV_FREE) {
        result = frames_release(address, end) ? result : -ENOMEM;
    } else if (advice == MADV_HUGEPAGE || advice == MADV_NOHUGEPAGE) {
        result = result ? result : set_huge(address, end, advice == MADV_HUGEPAGE);
    }
    lock_release(&memory_lock);
    if (populates && !result) {
        result = populate(address, bytes, advice == MADV_POPULATE_WRITE ? FAULT_WRITE : FAULT_READ);
    }
    return result;
}

// ---- Looking ----------------------------------------------------------------------------------------------------------------------------------

long sys_mincore(uint64_t address, uint64_t bytes, unsigned char *vector) {
    if (!check_range(address, &bytes)) {
        return address % PAGE_SIZE ? -EINVAL : -ENOMEM;
    }
    for (uint64_t at = address; at < address + bytes; at += PAGE_SIZE) {
        lock_acquire(&memory_lock);
        bool mapped = area_of(at) != NULL;
        pte_t *huge = tables_huge_entry(at, false), *entry = huge && (*huge & PTE_HUGE) ? huge : tables_entry(at, false);
        unsigned char here = entry && (*entry & PTE_PRESENT) ? 1 : 0;
        lock_release(&memory_lock);
        if (!mapped) {
            return -ENOMEM;
        }
        if (copy_out(vector++, &here, 1)) {
            return -EFAULT;
        }
    }
    return 0;
}

static uint64_t brk_start, brk_end;

void brk_set_start(uint64_t address) {
    brk_start = brk_end = address;
}

long sys_brk(uint64_t end) {
    lock_acquire(&memory_lock);
    uint64_t old = ALIGN_UP(brk_end, PAGE_SIZE), rounded = ALIGN_UP(end, PAGE_SIZE);
    bool done = end >= brk_start && end <= USER_END;
    if (done && rounded > old) {
        struct area area = {.kind = AREA_ANONYMOUS, .protection = PROT_READ | PROT_WRITE, .limit = PROT_READ | PROT_WRITE | PROT_EXEC};
        done = can_commit(rounded - old, PROT_WRITE, 0) && map_locked(old, &area, rounded - old, MAP_FIXED_NOREPLACE) >= 0;
    } else if (done && rounded < old) {
        done = unmap_locked(rounded, old) == 0;
    }
    brk_end = done ? end : brk_end;
    long result = (long) brk_end;
    lock_release(&memory_lock);
    return result;
}
