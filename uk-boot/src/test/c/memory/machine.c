// See machine.h.
#include "machine.h"
#include "boot.h"

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, long offset);
int sched_yield(void);
void __real_pages_free(void *block, unsigned order);
void *__real_pages_allocate_zeroed(unsigned order);

enum { TLB_SIZE = 64, LEVELS = 4, TRIES = 64 };
#define FILES_AT 0x100000ul    // physical, as all of these
#define FIRST_PIECE 0x601000ul
#define FIRST_END 0x17ff000ul
#define SECOND_PIECE 0x1a00000ul
#define MEMORY_END 0x6000000ul

struct cached {
    bool valid, huge;
    uint64_t page, frame, tables[LEVELS];
    pte_t rights;  // PTE_WRITE and PTE_NX as they come to be over all levels
};

struct test_file {
    struct file file;
    uint64_t frames;
};

pte_t *tables_root;
_Thread_local unsigned machine_cpu;
void (*machine_on_zeroed)(unsigned order);
static _Thread_local unsigned locks_held;
static struct processor {
    uint32_t busy;
    struct cached tlb[TLB_SIZE];
} processors[MACHINE_CPUS];
static struct test_file files[FD_END];
static struct {
    void *block;
    unsigned order;
} taken[1024];
static unsigned taken_count;

// ---- Locks and files ----------------------------------------------------------------------------------------------------------------------------

static void take(uint32_t *held) {
    while (__atomic_exchange_n(held, 1, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
}

static void drop(uint32_t *held) {
    __atomic_store_n(held, 0, __ATOMIC_RELEASE);
}

void lock_acquire(struct lock *lock) {
    CHECK(locks_held == 0 || (locks_held == 1 && lock != &memory_lock));  // memory before pages
    take(&lock->held);
    locks_held++;
}

void lock_release(struct lock *lock) {
    locks_held--;
    drop(&lock->held);
}

static uint64_t page(struct file *file, uint64_t offset) {
    struct test_file *f = CONTAINER_OF(file, struct test_file, file);
    CHECK(!locks_held && offset % PAGE_SIZE == 0);
    return offset < file_bytes((int) (f - files)) ? f->frames + offset : 0;
}

static const struct file_operations operations = {.page = page};

uint64_t file_bytes(int fd) {
    (void) fd;
    return (FILE_PAGES - 1) * PAGE_SIZE + 100;
}

uint64_t *file_word(int fd, uint64_t offset) {
    return direct(files[fd].frames + offset);
}

uint64_t file_references(int fd) {
    return files[fd].file.references - 1;
}

struct file *file_get(int fd) {
    if (fd < FD_SEALED || fd >= FD_END) {
        return NULL;
    }
    file_keep(&files[fd].file);
    return &files[fd].file;
}

void file_keep(struct file *file) {
    __atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
}

void file_put(struct file *file) {
    CHECK(__atomic_fetch_sub(&file->references, 1, __ATOMIC_RELAXED) > 1);
}

// ---- Memory -------------------------------------------------------------------------------------------------------------------------------------

void machine_start(void) {
    void *memory = mmap(direct(0), MEMORY_END, 3, 0x100022, -1, 0);  // there or nowhere
    CHECK(memory == direct(0));
    tables_root = direct(PAGE_SIZE);
    for (int fd = FD_SEALED; fd < FD_END; fd++) {
        files[fd].file = (struct file) {.operations = &operations, .references = 1, .kind = FILE_REGULAR, .flags = fd == FD_SEALED ? 0 : fd == FD_RAM ? 2 : 1};
        files[fd].frames = FILES_AT + (uint64_t) fd * FILE_PAGES * PAGE_SIZE;
        for (uint64_t at = 0; at < file_bytes(fd); at += PAGE_SIZE) {
            *file_word(fd, at) = (uint64_t) fd << 32 | at | 1;
        }
    }
    machine.cpus = MACHINE_CPUS;
    pages_add(FIRST_PIECE, FIRST_END);
    pages_add(SECOND_PIECE, MEMORY_END);
}

void machine_reset(void) {
    locks_held = memory_lock.held = 0;
    machine_cpu = 0;
    machine_on_zeroed = NULL;
    for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++) {
        processors[cpu].busy = 0;
    }
    memory_give_back();
    CHECK_IS(sys_munmap(0, USER_END), 0);
}

uint64_t image_physical(void) {
    return FILES_AT;
}

void memory_take_all_but(uint64_t pages) {
    for (unsigned order = ORDER_LIMIT + 1; order-- > 0;) {
        while (pages + (1ul << order) <= pages_available()) {
            void *block = pages_allocate(order);
            if (!block) {
                break;
            }
            CHECK(taken_count < COUNT_OF(taken));
            taken[taken_count].block = block;
            taken[taken_count++].order = order;
        }
    }
}

void memory_give_back(void) {
    while (taken_count) {
        taken_count--;
        __real_pages_free(taken[taken_count].block, taken[taken_count].order);
    }
}

// Frames go only when no processor can reach them, neither as memory nor as a table; what was in them is no good to anybody.
void __wrap_pages_free(void *block, unsigned order) {
    uint64_t from = physical_of(block), bytes = PAGE_SIZE << order;
    for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++) {
        take(&processors[cpu].busy);
        for (unsigned i = 0; i < TLB_SIZE; i++) {
            const struct cached *c = &processors[cpu].tlb[i];
            bool reached = c->valid && c->frame - from < bytes;
            for (unsigned level = 0; level < LEVELS; level++) {
                reached |= c->valid && c->tables[level] && c->tables[level] - from < bytes;
            }
            CHECK(!reached);
        }
        drop(&processors[cpu].busy);
    }
    memset(block, 0xa5, bytes);
    __real_pages_free(block, order);
}

void *__wrap_pages_allocate_zeroed(unsigned order) {
    void (*hook)(unsigned) = machine_on_zeroed;
    if (hook && !locks_held) {
        machine_on_zeroed = NULL;
        hook(order);
    }
    return __real_pages_allocate_zeroed(order);
}

// ---- Processors ---------------------------------------------------------------------------------------------------------------------------------

static bool walk(uint64_t address, struct cached *to) {
    uint64_t table = physical_of(tables_root);
    *to = (struct cached) {.page = address / PAGE_SIZE, .rights = PTE_WRITE};
    for (unsigned shift = 39, level = 0;; shift -= 9, level++) {
        to->tables[level] = table;
        pte_t entry = __atomic_load_n((pte_t *) direct(table) + (address >> shift & 511), __ATOMIC_RELAXED);
        if (!(entry & PTE_PRESENT)) {
            return false;
        }
        CHECK(entry & PTE_USER);
        to->rights = (to->rights & (entry | PTE_NX)) | (entry & PTE_NX);
        table = entry & PTE_ADDRESS;
        CHECK(table < MEMORY_END);
        to->huge = shift == HUGE_SHIFT && (entry & PTE_HUGE);
        if (to->huge || shift == PAGE_SHIFT) {
            CHECK(!to->huge || table % HUGE_SIZE == 0);
            to->frame = table + (to->huge ? address % HUGE_SIZE & -PAGE_SIZE : 0);
            to->valid = true;
            return true;
        }
    }
}

static bool allows(const struct cached *c, enum fault_access access) {
    return access == FAULT_READ || (access == FAULT_WRITE ? (c->rights & PTE_WRITE) != 0 : !(c->rights & PTE_NX));
}

// One try. A fault makes the processor forget the translation.
static bool try(uint64_t address, enum fault_access access, uint64_t *value) {
    struct processor *self = &processors[machine_cpu];
    struct cached *c = &self->tlb[address / PAGE_SIZE % TLB_SIZE];
    take(&self->busy);
    bool known = c->valid && c->page == address / PAGE_SIZE;
    bool done = (known || walk(address, c)) && allows(c, access);
    if (done && access != FAULT_EXECUTE) {
        uint64_t *word = direct(c->frame + address % PAGE_SIZE);
        *(access == FAULT_READ ? value : word) = *(access == FAULT_READ ? word : value);
    }
    c->valid = done;
    drop(&self->busy);
    return done;
}

static enum fault_result use(uint64_t address, enum fault_access access, uint64_t *value) {
    for (unsigned tries = 0; tries < TRIES; tries++) {
        if (try(address, access, value)) {
            return FAULT_DONE;
        }
        enum fault_result result = fault_handle(address, access);
        CHECK(!locks_held);
        if (result != FAULT_DONE) {
            return result;
        }
    }
    host_fail(__FILE__, __LINE__, "a fault ends");
}

enum fault_result user_read(uint64_t address, uint64_t *value) {
    return use(address, FAULT_READ, value);
}

enum fault_result user_write(uint64_t address, uint64_t value) {
    return use(address, FAULT_WRITE, &value);
}

enum fault_result user_execute(uint64_t address) {
    return use(address, FAULT_EXECUTE, NULL);
}

uint64_t user_value(uint64_t address) {
    uint64_t value = 0;
    CHECK_IS(user_read(address, &value), FAULT_DONE);
    return value;
}

uint64_t map(uint64_t at, uint64_t bytes, int protection, int flags) {
    long result = sys_mmap(at, bytes, protection, PRIVATE | (at ? MAP_FIXED : 0) | flags, -1, 0);
    CHECK(result > 0);
    return (uint64_t) result;
}

bool is_huge(uint64_t address) {
    struct cached c;
    return walk(address, &c) && c.huge;
}

void tlbs_check(void) {
    for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++) {
        for (unsigned i = 0; i < TLB_SIZE; i++) {
            const struct cached *c = &processors[cpu].tlb[i];
            struct cached now;
            if (c->valid) {
                CHECK(walk(c->page * PAGE_SIZE, &now) && now.frame == c->frame);
                CHECK(!(c->rights & ~now.rights & PTE_WRITE) && !(~c->rights & now.rights & PTE_NX));
            }
        }
    }
}

// Forgetting one page of a huge translation is forgetting all of it.
static void forget(struct processor *processor, uint64_t from, uint64_t to) {
    take(&processor->busy);
    for (unsigned i = 0; i < TLB_SIZE; i++) {
        struct cached *c = &processor->tlb[i];
        uint64_t size = c->huge ? HUGE_SIZE : PAGE_SIZE, start = ALIGN_DOWN(c->page * PAGE_SIZE, size);
        c->valid &= start >= to || start + size <= from;
    }
    drop(&processor->busy);
}

void tlb_flush_page(uint64_t address) {
    forget(&processors[machine_cpu], address, address + 1);
}

void tlb_flush_all(void) {
    forget(&processors[machine_cpu], 0, UINT64_MAX);
}

void cpus_flush(uint64_t from, uint64_t to) {
    for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++) {
        if (cpu != machine_cpu) {
            forget(&processors[cpu], from, to);
        }
    }
}

int copy_out(void *user, const void *from, size_t bytes) {
    CHECK(!locks_held);
    for (size_t i = 0; i < bytes; i++) {
        uint64_t at = (uint64_t) user + i, word = 0, shift = at % 8 * 8;
        if (user_read(at - at % 8, &word) != FAULT_DONE) {
            return -EFAULT;
        }
        word = (word & ~(0xfful << shift)) | (uint64_t) ((const uint8_t *) from)[i] << shift;
        if (user_write(at - at % 8, word) != FAULT_DONE) {
            return -EFAULT;
        }
    }
    return 0;
}

void print(const char *pattern, ...) {
    panic("said: %s", pattern);
}
