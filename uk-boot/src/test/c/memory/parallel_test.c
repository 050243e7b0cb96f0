// Faults of several processors at once.
#include "machine.h"

enum { MADV_DONTNEED = 4, MADV_HUGEPAGE = 14 };

static void write_elsewhere(unsigned order) {
    (void) order;
    memory_give_back();
    machine_cpu = 1;
    CHECK_IS(user_write(AT + 5 * PAGE_SIZE, 5), FAULT_DONE);
    CHECK(is_huge(AT));
    machine_cpu = 0;
}

static void a_slower_fault_leaves_the_huge_page_of_a_faster_one_whole(void) {
    machine_reset();
    map(AT, HUGE_SIZE, RW, 0);
    CHECK_IS(sys_madvise(AT, HUGE_SIZE, MADV_HUGEPAGE), 0);
    memory_take_all_but(100);  // the first one sees that it is not the time for huge pages
    machine_on_zeroed = write_elsewhere;
    CHECK_IS(user_write(AT, 1), FAULT_DONE);
    CHECK(is_huge(AT));
    CHECK(user_value(AT) == 1 && user_value(AT + 5 * PAGE_SIZE) == 5);
}

static void map_file_elsewhere(unsigned order) {
    (void) order;
    machine_cpu = 1;
    CHECK_IS(sys_mmap(AT, FILE_PAGES * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, FD_SEALED, 0), AT);
    machine_cpu = 0;
}

static void a_fault_that_was_overtaken_by_a_new_mapping_begins_anew(void) {
    machine_reset();
    map(AT, HUGE_SIZE, RW, 0);
    machine_on_zeroed = map_file_elsewhere;
    CHECK_IS(user_value(AT), *file_word(FD_SEALED, 0));
}

static void map_far_away(unsigned order) {
    (void) order;
    machine_cpu = 1;
    map(AT + (1ul << 40), PAGE_SIZE, RW, 0);
    machine_cpu = 0;
    machine_on_zeroed = map_far_away;  // and again
}

static void a_fault_ends_whatever_is_mapped_elsewhere(void) {
    machine_reset();
    map(AT, HUGE_SIZE, RW, 0);
    machine_on_zeroed = map_far_away;
    CHECK_IS(user_write(AT, 1), FAULT_DONE);
}

enum { SHARED_PAGES = 64, PARALLEL_ROUNDS = 300 };

static uint64_t parallel_at;
static uint32_t parallel_running;

// Each thread has a word of its own in every page, and writes there whenever it may.
static void writer(void *argument) {
    machine_cpu = (unsigned) (uint64_t) argument;
    for (uint64_t round = 1; round <= PARALLEL_ROUNDS; round++) {
        for (uint64_t i = 0; i < SHARED_PAGES; i++) {
            uint64_t word = parallel_at + i * PAGE_SIZE + 64 + machine_cpu * 8, value = 0;
            while (user_write(word, round) == FAULT_FORBIDDEN) {
            }
            while (user_read(word, &value) == FAULT_FORBIDDEN) {
            }
            CHECK_IS(value, round);
        }
        // Memory of the thread alone comes and goes all the while.
        long own = sys_mmap(0, 20 * PAGE_SIZE, RW, PRIVATE, -1, 0);
        CHECK(own > 0);
        for (uint64_t i = 0; i < 20; i++) {
            CHECK_IS(user_value((uint64_t) own + i * PAGE_SIZE), 0);
            CHECK_IS(user_write((uint64_t) own + i * PAGE_SIZE, ~0ul), FAULT_DONE);
        }
        CHECK_IS(sys_madvise((uint64_t) own, 10 * PAGE_SIZE, MADV_DONTNEED), 0);
        CHECK_IS(user_value((uint64_t) own), 0);
        CHECK_IS(sys_munmap((uint64_t) own, 20 * PAGE_SIZE), 0);
    }
    __atomic_fetch_sub(&parallel_running, 1, __ATOMIC_RELEASE);
}

static void protector(void *argument) {
    machine_cpu = (unsigned) (uint64_t) argument;
    uint32_t random = 1;
    while (__atomic_load_n(&parallel_running, __ATOMIC_ACQUIRE)) {
        random = random * 1664525 + 1013904223;
        uint64_t from = random >> 8 & (SHARED_PAGES - 1), count = 1 + (random >> 16) % (SHARED_PAGES - from);
        CHECK_IS(sys_mprotect(parallel_at + from * PAGE_SIZE, count * PAGE_SIZE, (random >> 30) ? RW : PROT_NONE), 0);
        CHECK_IS(sys_mprotect(parallel_at + from * PAGE_SIZE, count * PAGE_SIZE, RW), 0);
    }
}

static void run_in_parallel(uint64_t at) {
    uint64_t writers = MACHINE_CPUS - 1;
    parallel_at = at;
    parallel_running = (uint32_t) writers;
    for (uint64_t i = 0; i < writers; i++) {
        host_thread(writer, (void *) i);
    }
    host_thread(protector, (void *) writers);
    host_join();
    for (uint64_t i = 0; i < SHARED_PAGES * writers; i++) {
        CHECK_IS(user_value(at + i / writers * PAGE_SIZE + 64 + i % writers * 8), PARALLEL_ROUNDS);
    }
    tlbs_check();
}

static void no_write_of_parallel_threads_is_lost(void) {
    machine_reset();
    map(AT, HUGE_SIZE, RW, 0);
    run_in_parallel(AT);
    machine_reset();
    map(AT, HUGE_SIZE, RW, 0);
    CHECK_IS(sys_madvise(AT, HUGE_SIZE, MADV_HUGEPAGE), 0);
    run_in_parallel(AT);
    machine_reset();
    long copies = sys_mmap(AT, SHARED_PAGES / 2 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, FD_SEALED, 0);
    CHECK_IS(sys_mmap(AT + SHARED_PAGES / 2 * PAGE_SIZE, SHARED_PAGES / 2 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, FD_RAM, 0) > 0, 1);
    run_in_parallel((uint64_t) copies);
}

int main(void) {
    machine_start();
    RUN(a_slower_fault_leaves_the_huge_page_of_a_faster_one_whole);
    RUN(a_fault_that_was_overtaken_by_a_new_mapping_begins_anew);
    RUN(a_fault_ends_whatever_is_mapped_elsewhere);
    RUN(no_write_of_parallel_threads_is_lost);
    return host_report();
}
