// Memory: physical pages, page tables, the one address space, and access to what user code hands in.
#ifndef UK_MEMORY_H
#define UK_MEMORY_H

#include "base.h"

// The upper half is the kernel's. All RAM is visible at DIRECT_MAP; the image of the kernel is linked at KERNEL_BASE + 1 MiB.
#define USER_END 0x00007ffffffff000ul
#ifndef DIRECT_MAP  // tests on the host have their memory elsewhere
#define DIRECT_MAP 0xffff800000000000ul
#endif
#define STACK_AREA 0xffffc00000000000ul
#define DEVICE_AREA 0xffffd00000000000ul  // + physical address, where map_device was asked for it
#define KERNEL_BASE 0xffffffff80000000ul

static inline void *direct(uint64_t physical) {
    return (void *) (physical + DIRECT_MAP);
}

static inline uint64_t physical_of(const void *direct_address) {
    return (uint64_t) direct_address - DIRECT_MAP;
}

// ---- pages.c: physical memory, in blocks of 2^order pages -----------------------------------------------------------------------

enum { ORDER_LIMIT = 16, ORDER_HUGE = 9 };  // up to 256 MiB; a huge page is 2 MiB

// Takes the memory from..to (physical; any alignment) in. At boot alone, in ascending order, once the direct map covers it. The page table of
// blocks ("frame records") is cut from it.
void pages_add(uint64_t from, uint64_t to);

// A block, aligned to its size, at its direct address; NULL if there is none. Its contents are undefined.
void *pages_allocate(unsigned order);
void *pages_allocate_zeroed(unsigned order);
void pages_free(void *block, unsigned order);

// So many pages in one piece, aligned to the next power of two, zeroed; what the block has beyond them stays free.
void *pages_allocate_run(uint64_t count);
void pages_free_run(void *run, uint64_t count);

uint64_t pages_total(void);      // pages that were added
uint64_t pages_available(void);  // pages that are free now
bool pages_manages(uint64_t physical, uint64_t bytes);  // true if any part of the range is managed memory

// Small objects of one size, from pages; never given back to those. Its user has a lock around it.
struct pool {
    size_t size;
    void *free;
};
void *pool_allocate(struct pool *pool);  // zeroed; NULL if memory is out
void pool_free(struct pool *pool, void *object);

// ---- tables.c: page tables --------------------------------------------------------------------------------------------------------

typedef uint64_t pte_t;

#define PTE_PRESENT 0x1ul
#define PTE_WRITE 0x2ul
#define PTE_USER 0x4ul
#define PTE_UNCACHED 0x18ul       // PCD and PWT
#define PTE_HUGE 0x80ul
#define PTE_GLOBAL 0x100ul
#define PTE_OWNED 0x200ul         // software: the frame is this address's own, and is freed with it
#define PTE_NX (1ul << 63)
#define PTE_ADDRESS 0x000ffffffffff000ul

extern pte_t *tables_root;  // direct address of the top table, the same on all processors

// The entry of a 4 KiB page; tables on the way are made if make is set. NULL if there is none, or no memory for one. If the address lies in a
// huge page, that is split first.
pte_t *tables_entry(uint64_t address, bool make);
// Maps kernel memory: for stacks and at boot. false if memory is out.
bool tables_map(uint64_t address, uint64_t physical, uint64_t bytes, pte_t flags);

// Makes the direct map of all memory and gives what nobody uses to pages.c. The kernel itself ends at a physical address.
void memory_start(uint64_t kernel_end);
// The kernel's code and constants are read-only from here on, all else of it is never executed.
void memory_protect_kernel(void);
// Shows a physical range that is no managed memory to the kernel itself, for good. NULL if memory is out, or above 32 TiB.
void *map_device(uint64_t physical, uint64_t bytes, bool uncached);
// Whether a range is memory that the direct map shows, above that of firmware.
bool memory_holds(uint64_t physical, uint64_t bytes);
// Whether part of a range is memory by the machine's map, of whatever use.
bool memory_is_ram(uint64_t physical, uint64_t bytes);

// Makes all processors forget translations of from..to before it returns. May be called with locks held.
void tlb_flush(uint64_t from, uint64_t to);

// ---- areas.c, mmap.c, fault.c: the address space of the JVM ------------------------------------------------------------------------------

enum { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };
enum {
    MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_STACK = 0x20000, MAP_NORESERVE = 0x4000,
    MAP_POPULATE = 0x8000, MAP_FIXED_NOREPLACE = 0x100000
};

struct file;

// As mmap, for the kernel's own use as well; file is NULL for anonymous memory. Returns the address or a negated error.
long map_memory(uint64_t hint, uint64_t bytes, int protection, int flags, struct file *file, uint64_t offset);
// Maps physical memory that the area does not own (devices, DMA memory, the image, kernel pages shown to user code).
long map_physical(uint64_t hint, uint64_t physical, uint64_t bytes, int protection, bool uncached);
long unmap_memory(uint64_t address, uint64_t bytes);

long sys_mmap(uint64_t hint, uint64_t bytes, int protection, int flags, int fd, uint64_t offset);
long sys_munmap(uint64_t address, uint64_t bytes);
long sys_mprotect(uint64_t address, uint64_t bytes, int protection);
long sys_madvise(uint64_t address, uint64_t bytes, int advice);
long sys_mincore(uint64_t address, uint64_t bytes, unsigned char *vector);
long sys_brk(uint64_t end);
void brk_set_start(uint64_t address);

enum fault_access { FAULT_READ, FAULT_WRITE, FAULT_EXECUTE };
// What a fault of user code, or of the kernel on a user address, comes to.
enum fault_result {
    FAULT_DONE,         // memory is there now: try again
    FAULT_UNMAPPED,     // SIGSEGV, SEGV_MAPERR
    FAULT_FORBIDDEN,    // SIGSEGV, SEGV_ACCERR
    FAULT_BEYOND_FILE,  // SIGBUS, BUS_ADRERR
    FAULT_NO_MEMORY     // out of memory: the machine ends, with a line that says so
};
enum fault_result fault_handle(uint64_t address, enum fault_access access);

// Writes what is mapped where, a line each as /proc/self/maps has it, from byte offset on. Returns the count.
size_t areas_print(char *to, size_t size, uint64_t offset);

// ---- copy.c, entry.S: access to user memory, which may fault: no lock may be held --------------------------------------------------------------------

// 0, or -EFAULT if part of the user's range cannot be accessed.
int copy_in(void *to, const void *user, size_t bytes);
int copy_out(void *user, const void *from, size_t bytes);
// The length of a text without its end, -EFAULT, or -ENAMETOOLONG if it does not end within size.
long copy_text_in(char *to, const char *user, size_t size);

#endif
