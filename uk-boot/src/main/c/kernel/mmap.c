// Mapping and unmapping: mmap(2), munmap(2), mprotect(2), madvise(2), mremap(2), mincore(2), brk(2).
#include "areas.h"
#include "file.h"
#include "tables.h"

enum { MREMAP_MAYMOVE = 1, MADV_DONTNEED = 4, MADV_FREE = 8, MADV_HUGEPAGE = 14, MADV_NOHUGEPAGE = 15, MADV_POPULATE_READ = 22, MADV_POPULATE_WRITE = 23,
       MADV_LAST_HINT = 25, RELEASE_LIMIT = 128 };

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
    bool done = tables_visit(from, to, release_entry, &release);
    release_now(&release);
    return done;
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
    bool read_only = shared && file && (file->flags & 3) != 2;
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

static void populate(uint64_t from, uint64_t bytes, enum fault_access access) {
    for (uint64_t at = from; at < from + bytes && fault_handle(at, access) == FAULT_DONE; at += PAGE_SIZE) {
    }
}

long sys_mmap(uint64_t hint, uint64_t bytes, int protection, int flags, int fd, uint64_t offset) {
    struct file *file = NULL;
    if (!(flags & MAP_ANONYMOUS)) {
        file = file_get(fd);
        if (!file) {
            return -EBADF;
        }
        bool cannot = !file->operations->page || file->kind != FILE_REGULAR;
        bool may_not = (flags & MAP_SHARED) && (protection & PROT_WRITE) && (file->flags & 3) != 2;
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

static long protect_locked(uint64_t from, uint64_t to, int protection) {
    if (!is_covered(from, to)) {
        return -ENOMEM;
    }
    for (struct area *area = areas_at_or_after(from); area && area->from < to; area = areas_at_or_after(area->to)) {
        if (protection & ~area->limit) {
            return -EACCES;
        }
    }
    if (!areas_split(from, to)) {
        return -ENOMEM;
    }
    bool done = true;
    struct rights rights = {0};
    for (struct area *area = areas_at_or_after(from); area && area->from < to; area = areas_at_or_after(area->to)) {
        area->protection = protection;
        rights.area = area;
        done &= tables_visit(area->from, area->to, set_rights, &rights);
    }
    areas_generation++;
    if (rights.fewer) {
        tlb_flush(from, to);
    }
    areas_join(from, to);
    return done ? 0 : -ENOMEM;
}

long sys_mprotect(uint64_t address, uint64_t bytes, int protection) {
    if (!check_range(address, &bytes) || (protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC))) {
        return address % PAGE_SIZE || (protection & ~7) ? -EINVAL : -ENOMEM;
    }
    lock_acquire(&memory_lock);
    struct area *area = area_of(address);
    bool commits = area && area->kind == AREA_ANONYMOUS && !(area->protection & PROT_WRITE) && area->to >= address + bytes;
    long result = commits && !can_commit(bytes, protection, 0) ? -ENOMEM : bytes ? protect_locked(address, address + bytes, protection) : 0;
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
    areas_generation++;
    areas_join(from, to);
    return 0;
}

long sys_madvise(uint64_t address, uint64_t bytes, int advice) {
    if (!check_range(address, &bytes) || advice < 0 || advice > MADV_LAST_HINT) {
        return -EINVAL;
    }
    uint64_t end = address + bytes;
    lock_acquire(&memory_lock);
    long result = is_covered(address, end) ? 0 : -ENOMEM;
    bool populates = advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
    if (advice == MADV_DONTNEED || advice == MADV_FREE) {
        result = frames_release(address, end) ? result : -ENOMEM;
    } else if (advice == MADV_HUGEPAGE || advice == MADV_NOHUGEPAGE) {
        result = result ? result : set_huge(address, end, advice == MADV_HUGEPAGE);
    }
    lock_release(&memory_lock);
    if (populates && !result) {
        populate(address, bytes, advice == MADV_POPULATE_WRITE ? FAULT_WRITE : FAULT_READ);
    }
    return result;
}

// ---- Moving and looking -----------------------------------------------------------------------------------------------------------------------

static void move_entry(pte_t *entry, uint64_t address, unsigned shift, void *context) {
    uint64_t *by = context;
    if (!tables_is_table(*entry, shift)) {
        pte_t *target = shift == PAGE_SHIFT ? tables_entry(address + *by, true) : NULL;
        if (target) {
            *target = *entry;
            *entry = 0;
        }
    }
}

// Moves frames by so many bytes. Tables for the new place are made first, so that nothing is lost half-way.
static bool move_frames(uint64_t from, uint64_t to, uint64_t by) {
    for (uint64_t at = from; at < to; at += PAGE_SIZE) {  // huge pages are split by the way
        if (!tables_entry(at + by, true)) {
            return false;
        }
        tables_entry(at, false);
    }
    tables_visit(from, to, move_entry, &by);
    tlb_flush(from, to);
    return true;
}

static long remap_locked(uint64_t address, uint64_t bytes, uint64_t new_bytes, int flags) {
    struct area *area = area_of(address);
    if (!area || area->to < address + bytes) {
        return -EFAULT;
    }
    if (new_bytes <= bytes) {
        long error = new_bytes < bytes ? unmap_locked(address + new_bytes, address + bytes) : 0;
        return error ? error : (long) address;
    }
    struct area more = *area;
    more.offset += area->kind == AREA_ANONYMOUS ? 0 : address - area->from;
    if (area->to == address + bytes && areas_is_free(address + bytes, address + new_bytes)) {
        more.offset += more.kind == AREA_ANONYMOUS ? 0 : bytes;
        return map_locked(address + bytes, &more, new_bytes - bytes, MAP_FIXED) < 0 ? -ENOMEM : (long) address;
    }
    if (!(flags & MREMAP_MAYMOVE)) {
        return -ENOMEM;
    }
    long moved = map_locked(0, &more, new_bytes, 0);
    if (moved >= 0 && !move_frames(address, address + bytes, (uint64_t) moved - address)) {
        unmap_locked((uint64_t) moved, (uint64_t) moved + new_bytes);
        return -ENOMEM;
    }
    if (moved >= 0) {
        unmap_locked(address, address + bytes);
    }
    return moved;
}

long sys_mremap(uint64_t address, uint64_t bytes, uint64_t new_bytes, int flags, uint64_t new_address) {
    (void) new_address;
    if (!bytes || !new_bytes || !check_range(address, &bytes) || (flags & ~MREMAP_MAYMOVE)) {
        return -EINVAL;
    }
    uint64_t rounded = ALIGN_UP(new_bytes, PAGE_SIZE);
    if (rounded < new_bytes || rounded > USER_END || (rounded > bytes && !can_commit(rounded - bytes, PROT_WRITE, 0))) {
        return -ENOMEM;
    }
    lock_acquire(&memory_lock);
    long result = remap_locked(address, bytes, rounded, flags);
    lock_release(&memory_lock);
    return result;
}

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
    uint64_t rounded = ALIGN_UP(end, PAGE_SIZE);
    if (end < brk_start || rounded > USER_END) {
        return (long) brk_end;
    }
    uint64_t old = ALIGN_UP(brk_end, PAGE_SIZE);
    bool done = true;
    if (rounded > old) {
        done = map_memory(old, rounded - old, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, NULL, 0) >= 0;
    } else if (rounded < old) {
        done = unmap_memory(rounded, old - rounded) == 0;
    }
    brk_end = done ? end : brk_end;
    return (long) brk_end;
}
