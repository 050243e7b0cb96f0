// The buddy allocator against a model: who has which page.
#include "machine.h"

enum { PAGES = 0x6000, BLOCKS = 400, ROUNDS = 30000 };

static struct block {
    char *at;
    uint64_t count;
    unsigned order;
    bool run;
} blocks[BLOCKS];
static bool in_use[PAGES];

static void mark(const struct block *block, bool used) {
    uint64_t first = physical_of(block->at) / PAGE_SIZE;
    for (uint64_t i = first; i < first + block->count; i++) {
        CHECK(i < PAGES && in_use[i] != used);
        in_use[i] = used;
        *(uint64_t *) direct(i * PAGE_SIZE) = used ? i : 0;
    }
}

static bool get(struct block *block) {
    block->run = host_random() % 4 == 0;
    block->order = host_random() % 8 ? host_random() % 5 : host_random() % 11;
    block->count = block->run ? 1 + host_random() % 70 : 1ul << block->order;
    uint64_t before = pages_available();
    block->at = block->run ? pages_allocate_run(block->count) : pages_allocate(block->order);
    CHECK_IS(before - pages_available(), block->at ? block->count : 0);
    if (block->at) {
        uint64_t alignment = PAGE_SIZE;
        while (alignment < block->count * PAGE_SIZE) {
            alignment *= 2;
        }
        CHECK(physical_of(block->at) % alignment == 0);
        CHECK(pages_manages(physical_of(block->at), block->count * PAGE_SIZE));
        for (uint64_t i = 0; block->run && i < block->count * PAGE_SIZE; i += 8) {
            CHECK(*(uint64_t *) (block->at + i) == 0);
        }
        mark(block, true);
    }
    return block->at;
}

static void put(struct block *block) {
    for (uint64_t i = 0; i < block->count; i++) {
        CHECK_IS(*(uint64_t *) (block->at + i * PAGE_SIZE), physical_of(block->at) / PAGE_SIZE + i);
    }
    mark(block, false);
    if (block->run) {
        pages_free_run(block->at, block->count);
    } else {
        pages_free(block->at, block->order);
    }
    block->at = NULL;
}

// How many blocks of each size there are, taking the largest first.
static void shape(unsigned counts[ORDER_LIMIT + 1]) {
    void *chain = NULL;
    unsigned orders[64], count = 0;
    for (unsigned order = ORDER_LIMIT + 1; order-- > 0;) {
        counts[order] = 0;
        for (void **block; (block = pages_allocate(order)); counts[order]++) {
            CHECK(count < COUNT_OF(orders));
            orders[count++] = order;
            *block = chain;
            chain = block;
        }
    }
    CHECK_IS(pages_available(), 0);
    CHECK(!pages_allocate(0) && !pages_allocate_run(3));
    while (chain) {
        void **block = chain;
        chain = *block;
        pages_free(block, orders[--count]);
    }
}

static void blocks_never_overlap_and_become_whole_again(void) {
    unsigned before[ORDER_LIMIT + 1], after[ORDER_LIMIT + 1];
    for (unsigned seed = 1; seed <= 5; seed++) {
        printf("pages: seed %u\n", seed);
        host_seed(seed);
        shape(before);
        for (unsigned round = 0; round < ROUNDS; round++) {
            struct block *block = &blocks[host_random() % BLOCKS];
            if (block->at) {
                put(block);
            } else {
                get(block);
            }
        }
        for (unsigned i = 0; i < BLOCKS; i++) {
            if (blocks[i].at) {
                put(&blocks[i]);
            }
        }
        CHECK_IS(pages_available(), pages_total());
        shape(after);
        CHECK(!memcmp(before, after, sizeof before));
    }
}

static void what_is_too_large_is_refused(void) {
    CHECK(!pages_allocate(ORDER_LIMIT + 1));
    CHECK(!pages_allocate_run((1ul << ORDER_LIMIT) + 1));
    CHECK(!pages_allocate_run(UINT64_MAX));
    CHECK_IS(pages_available(), pages_total());
}

static void knows_what_it_manages(void) {
    CHECK(!pages_manages(image_physical(), PAGE_SIZE));
    CHECK(pages_manages(0, UINT64_MAX));
    void *block = pages_allocate(0);
    CHECK(pages_manages(physical_of(block) + PAGE_SIZE - 1, 1));
    pages_free(block, 0);
}

static void free_twice(void *block) {
    pages_free(block, 0);
    pages_free(block, 0);
}

static void a_block_that_is_freed_twice_ends_the_machine(void) {
    CHECK_IS(host_ends(free_twice, pages_allocate(0)), EXIT_PANIC);
}

static void objects_of_a_pool_do_not_overlap_and_are_zeroed(void) {
    static struct pool pool = {.size = 72};
    uint64_t *objects[200];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < COUNT_OF(objects); i++) {
            objects[i] = pool_allocate(&pool);
            for (unsigned word = 0; word < 9; word++) {
                CHECK_IS(objects[i][word], 0);
                objects[i][word] = i;
            }
        }
        for (unsigned i = 0; i < COUNT_OF(objects); i++) {
            CHECK(objects[i][0] == i && objects[i][8] == i);
            pool_free(&pool, objects[i]);
        }
    }
}

int main(void) {
    machine_start();
    RUN(blocks_never_overlap_and_become_whole_again);
    RUN(what_is_too_large_is_refused);
    RUN(knows_what_it_manages);
    RUN(objects_of_a_pool_do_not_overlap_and_are_zeroed);
    RUN(a_block_that_is_freed_twice_ends_the_machine);  // and leaves its lock held
    return host_report();
}
