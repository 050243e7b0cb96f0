// Physical memory: a buddy allocator. Each region of memory has a byte for each page, which says of the first page of a free block how large the
// block is; the blocks of a size are in a list through their own first words.
#include "boot.h"
#include "lock.h"
#include "memory.h"

enum { REGION_LIMIT = 64, NOT_FREE = 0xff };

struct block {
    struct block *next, *previous;
};

static struct region {
    uint64_t first, count;  // pages
    uint8_t *orders;        // of the free block that starts at the page, or NOT_FREE
} regions[REGION_LIMIT];
static unsigned region_count;
static struct lock lock = LOCK_INIT("pages");
static struct block *free_blocks[ORDER_LIMIT + 1];
static uint64_t total, available;

static struct region *region_of(uint64_t page) {
    for (unsigned i = 0; i < region_count; i++) {
        if (page - regions[i].first < regions[i].count) {
            return &regions[i];
        }
    }
    return NULL;
}

static void insert(struct region *region, uint64_t page, unsigned order) {
    struct block *block = direct(page * PAGE_SIZE), *next = free_blocks[order];
    *block = (struct block) {.next = next};
    if (next) {
        next->previous = block;
    }
    free_blocks[order] = block;
    region->orders[page - region->first] = (uint8_t) order;
}

static void take_out(struct region *region, uint64_t page, unsigned order) {
    struct block *block = direct(page * PAGE_SIZE);
    if (block->previous) {
        block->previous->next = block->next;
    } else {
        free_blocks[order] = block->next;
    }
    if (block->next) {
        block->next->previous = block->previous;
    }
    region->orders[page - region->first] = NOT_FREE;
}

static void free_locked(struct region *region, uint64_t page, unsigned order) {
    available += 1ul << order;
    for (; order < ORDER_LIMIT; order++) {
        uint64_t buddy = page ^ 1ul << order;
        if (buddy - region->first >= region->count || region->orders[buddy - region->first] != order) {
            break;
        }
        take_out(region, buddy, order);
        page &= buddy;
    }
    insert(region, page, order);
}

void pages_add(uint64_t from, uint64_t to) {
    uint64_t first = ALIGN_UP(from, PAGE_SIZE) / PAGE_SIZE, end = to / PAGE_SIZE;
    uint64_t records = (end - first + PAGE_SIZE) / (PAGE_SIZE + 1);  // pages for a byte for each of the others
    if (end <= first || end - first <= records) {
        return;
    }
    if (region_count == REGION_LIMIT) {
        print("boot: the memory at 0x%lx, %lu KiB, is not used: there are too many pieces\n", from, (to - from) >> 10);
        return;
    }
    struct region *region = &regions[region_count++];
    *region = (struct region) {.first = first + records, .count = end - first - records, .orders = direct(first * PAGE_SIZE)};
    memset(region->orders, NOT_FREE, region->count);
    total += region->count;
    for (uint64_t page = region->first; page < end;) {
        unsigned order = 0;
        while (order < ORDER_LIMIT && !(page & ((2ul << order) - 1)) && page + (2ul << order) <= end) {
            order++;
        }
        free_locked(region, page, order);
        page += 1ul << order;
    }
}

void *pages_allocate(unsigned order) {
    lock_acquire(&lock);
    unsigned from = order;
    while (from <= ORDER_LIMIT && !free_blocks[from]) {
        from++;
    }
    struct block *block = from <= ORDER_LIMIT ? free_blocks[from] : NULL;
    if (block) {
        uint64_t page = physical_of(block) / PAGE_SIZE;
        struct region *region = region_of(page);
        take_out(region, page, from);
        while (from > order) {
            from--;
            insert(region, page + (1ul << from), from);
        }
        available -= 1ul << order;
    }
    lock_release(&lock);
    return block;
}

void *pages_allocate_zeroed(unsigned order) {
    void *block = pages_allocate(order);
    return block ? memset(block, 0, PAGE_SIZE << order) : NULL;
}

void pages_free(void *block, unsigned order) {
    uint64_t page = physical_of(block) / PAGE_SIZE;
    lock_acquire(&lock);
    struct region *region = region_of(page);
    ASSERT(region && region->orders[page - region->first] == NOT_FREE);
    free_locked(region, page, order);
    lock_release(&lock);
}

// Frees pages from..to of a block that was allocated whole, in pieces as large as they can be.
static void free_part(char *block, uint64_t from, uint64_t to) {
    while (from < to) {
        unsigned order = from ? (unsigned) __builtin_ctzl(from) : ORDER_LIMIT;
        while (order && from + (1ul << order) > to) {
            order--;
        }
        order = MIN(order, (unsigned) ORDER_LIMIT);
        pages_free(block + from * PAGE_SIZE, order);
        from += 1ul << order;
    }
}

void *pages_allocate_run(uint64_t count) {
    unsigned order = 0;
    while (order <= ORDER_LIMIT && 1ul << order < count) {
        order++;
    }
    char *block = order <= ORDER_LIMIT ? pages_allocate(order) : NULL;
    if (block) {
        free_part(block, count, 1ul << order);
        memset(block, 0, count * PAGE_SIZE);
    }
    return block;
}

void pages_free_run(void *run, uint64_t count) {
    free_part(run, 0, count);
}

uint64_t pages_total(void) {
    return total;
}

uint64_t pages_available(void) {
    return __atomic_load_n(&available, __ATOMIC_RELAXED);
}

bool pages_manages(uint64_t physical, uint64_t bytes) {
    for (unsigned i = 0; i < region_count; i++) {
        uint64_t from = physical_of(regions[i].orders), to = (regions[i].first + regions[i].count) * PAGE_SIZE;
        if (physical < to && from < physical + bytes) {
            return true;
        }
    }
    return false;
}

void *pool_allocate(struct pool *pool) {
    if (!pool->free) {
        char *page = pages_allocate(0);
        for (size_t at = 0; page && at + pool->size <= PAGE_SIZE; at += pool->size) {
            pool_free(pool, page + at);
        }
    }
    void *object = pool->free;
    if (object) {
        pool->free = *(void **) object;
        memset(object, 0, pool->size);
    }
    return object;
}

void pool_free(struct pool *pool, void *object) {
    *(void **) object = pool->free;
    pool->free = object;
}
