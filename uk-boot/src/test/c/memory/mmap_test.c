// What the calls promise one by one, and what they do when memory is out.
#include "machine.h"

enum { DONTNEED = 4, FREE = 8, REMOVE = 9, HUGEPAGE = 14, NOHUGEPAGE, POPULATE_READ = 22, POPULATE_WRITE, DONTNEED_LOCKED };

static uint64_t map_file(int fd, int protection, int flags) {
    long result = sys_mmap(0, FILE_PAGES * PAGE_SIZE, protection, flags, fd, 0);
    CHECK(result > 0);
    return (uint64_t) result;
}

static void map_huge(void) {
    map(AT, HUGE_SIZE, RW, 0);
    CHECK_IS(sys_madvise(AT, HUGE_SIZE, HUGEPAGE), 0);
    for (uint64_t at = AT; at < AT + HUGE_SIZE; at += PAGE_SIZE) {
        CHECK_IS(user_write(at, at), FAULT_DONE);
    }
    CHECK(is_huge(AT));
}

static void check_kept(uint64_t from, uint64_t bytes, uint64_t was_at) {
    for (uint64_t i = 0; i < bytes; i += PAGE_SIZE) {
        CHECK_IS(user_value(from + i), was_at + i);
    }
}

// ---- Where things go ----------------------------------------------------------------------------------------------------------------------------

static void hints_are_honoured_when_free(void) {
    machine_reset();
    CHECK_IS(sys_mmap(0x800000000, HUGE_SIZE, PROT_NONE, PRIVATE | MAP_NORESERVE, -1, 0), 0x800000000);
    CHECK_IS(sys_mmap(0x800000123, PAGE_SIZE, PROT_NONE, PRIVATE, -1, 0) == 0x800000000, 0);
    CHECK_IS(sys_mmap(0x700000123, PAGE_SIZE, PROT_NONE, PRIVATE, -1, 0), 0x700000000);
    CHECK((uint64_t) sys_mmap(UINT64_MAX, PAGE_SIZE, PROT_NONE, PRIVATE, -1, 0) < USER_END);
}

static void nothing_is_mapped_near_null(void) {
    machine_reset();
    CHECK_IS(sys_mmap(0, PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0), -EPERM);
    CHECK_IS(sys_mmap(0xf000, PAGE_SIZE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0), -EPERM);
    CHECK(sys_mmap(0x1000, PAGE_SIZE, RW, PRIVATE, -1, 0) > 0x10000);
    CHECK_IS(sys_mmap(0x10000, PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0), 0x10000);
}

static void ranges_that_cannot_be_are_refused(void) {
    machine_reset();
    CHECK_IS(sys_mmap(0, 0, RW, PRIVATE, -1, 0), -EINVAL);
    CHECK_IS(sys_mmap(0, UINT64_MAX, RW, PRIVATE, -1, 0), -ENOMEM);
    CHECK_IS(sys_mmap(0, USER_END, PROT_NONE, PRIVATE, -1, 0), -ENOMEM);
    CHECK_IS(sys_mmap(USER_END, PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0), -ENOMEM);
    CHECK_IS(sys_mmap(USER_END - PAGE_SIZE, 2 * PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0), -ENOMEM);
    CHECK_IS(sys_mmap(AT + 1, PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0), -EINVAL);
    CHECK_IS(sys_mmap(0, PAGE_SIZE, RW, MAP_ANONYMOUS, -1, 0), -EINVAL);
    CHECK_IS(sys_mmap(0, PAGE_SIZE, RW, MAP_PRIVATE, 99, 0), -EBADF);
    CHECK_IS(sys_mmap(0, PAGE_SIZE, RW, MAP_PRIVATE, FD_SEALED, 1), -EINVAL);
    CHECK(sys_mmap(0, PAGE_SIZE, RW, MAP_PRIVATE, FD_SEALED, -PAGE_SIZE) < 0);
    CHECK_IS(sys_munmap(AT, 0), -EINVAL);
    CHECK_IS(sys_munmap(AT + 1, PAGE_SIZE), -EINVAL);
    CHECK_IS(sys_munmap(AT, UINT64_MAX), -EINVAL);
    CHECK_IS(sys_munmap(-PAGE_SIZE, 2 * PAGE_SIZE), -EINVAL);
    CHECK_IS(sys_mprotect(AT + 1, PAGE_SIZE, RW), -EINVAL);
    CHECK_IS(sys_mprotect(AT, UINT64_MAX, RW), -ENOMEM);
    CHECK_IS(sys_mprotect(AT, 0, RW), 0);
    CHECK_IS(sys_mincore(AT, PAGE_SIZE, NULL), -ENOMEM);
}

static void thousands_of_areas_are_found_again(void) {
    machine_reset();
    for (uint64_t i = 0; i < 5000; i++) {  // each differs from the next
        map(AT + i * PAGE_SIZE, PAGE_SIZE, i % 2 ? PROT_READ : PROT_NONE, 0);
    }
    for (uint64_t i = 0; i < 5000; i++) {
        uint64_t value;
        CHECK_IS(user_read(AT + i * PAGE_SIZE, &value), i % 2 ? FAULT_DONE : FAULT_FORBIDDEN);
    }
    uint64_t before = pages_available();
    CHECK_IS(sys_mprotect(AT, 5000 * PAGE_SIZE, PROT_READ), 0);  // now they are alike, and one
    CHECK_IS(sys_munmap(AT + 4999 * PAGE_SIZE, PAGE_SIZE), 0);
    CHECK(pages_available() >= before);
}

// ---- brk ----------------------------------------------------------------------------------------------------------------------------------------

static void brk_grows_shrinks_and_refuses(void) {
    machine_reset();
    brk_set_start(AT);
    CHECK_IS(sys_brk(0), AT);
    CHECK_IS(sys_brk(AT + 10000), AT + 10000);
    CHECK_IS(user_write(AT + 2 * PAGE_SIZE, 7), FAULT_DONE);
    CHECK_IS(sys_brk(AT + 100), AT + 100);
    CHECK_IS(sys_brk(AT + 10000), AT + 10000);
    CHECK_IS(user_value(AT + 2 * PAGE_SIZE), 0);
    map(AT + 0x10000, PAGE_SIZE, RW, 0);
    CHECK_IS(sys_brk(AT + 0x10001), AT + 10000);
    CHECK_IS(sys_brk(USER_END + 1), AT + 10000);
}

static void brk_to_the_end_of_all_addresses_unmaps_nothing(void) {
    machine_reset();
    brk_set_start(AT);
    CHECK_IS(sys_brk(AT + PAGE_SIZE), AT + PAGE_SIZE);
    map(0x400000, PAGE_SIZE, RW, 0);
    CHECK_IS(user_write(0x400000, 5), FAULT_DONE);
    CHECK_IS(sys_brk(UINT64_MAX), AT + PAGE_SIZE);
    CHECK_IS(user_value(0x400000), 5);
}

// ---- Rights -------------------------------------------------------------------------------------------------------------------------------------

static void contents_stay_while_they_may_not_be_touched(void) {
    machine_reset();
    map_huge();
    uint64_t value;
    for (unsigned round = 0; round < 2; round++) {  // huge, then in small pages
        CHECK_IS(sys_mprotect(AT + round * PAGE_SIZE, HUGE_SIZE - round * PAGE_SIZE, PROT_NONE), 0);
        CHECK_IS(user_read(AT + PAGE_SIZE, &value), FAULT_FORBIDDEN);
        CHECK_IS(sys_mprotect(AT, HUGE_SIZE, RW), 0);
        check_kept(AT, HUGE_SIZE, AT);
    }
}

static void a_hole_stops_mprotect(void) {
    machine_reset();
    map(AT, 3 * PAGE_SIZE, RW, 0);
    CHECK_IS(sys_munmap(AT + PAGE_SIZE, PAGE_SIZE), 0);
    CHECK_IS(sys_mprotect(AT, 3 * PAGE_SIZE, PROT_READ), -ENOMEM);
    CHECK_IS(sys_madvise(AT, 3 * PAGE_SIZE, DONTNEED), -ENOMEM);
}

static void what_was_opened_for_reading_never_becomes_writable(void) {
    machine_reset();
    CHECK_IS(sys_mmap(0, PAGE_SIZE, RW, MAP_SHARED, FD_SEALED, 0), -EACCES);
    uint64_t at = map_file(FD_SEALED, PROT_READ, MAP_SHARED);
    CHECK_IS(sys_mprotect(at, PAGE_SIZE, RW), -EACCES);
    CHECK_IS(user_write(at, 1), FAULT_FORBIDDEN);
    CHECK_IS(sys_mprotect(map_file(FD_SEALED, PROT_READ, MAP_PRIVATE), PAGE_SIZE, RW), 0);  // a copy is one's own
    CHECK_IS(sys_mprotect(map_file(FD_RAM, PROT_READ, MAP_SHARED), PAGE_SIZE, RW), 0);
}

static void what_was_opened_for_writing_alone_is_not_mapped(void) {
    machine_reset();
    CHECK_IS(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, FD_WRITE_ONLY, 0), -EACCES);
    CHECK_IS(sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, FD_WRITE_ONLY, 0), -EACCES);
}

static void physical_memory_shown_for_reading_never_becomes_writable(void) {
    machine_reset();
    long at = map_physical(0, image_physical(), 2 * PAGE_SIZE, PROT_READ, false);
    CHECK(at > 0);
    CHECK_IS(sys_mprotect((uint64_t) at, PAGE_SIZE, RW), -EACCES);
    CHECK_IS(user_write((uint64_t) at, 1), FAULT_FORBIDDEN);
    CHECK_IS(sys_mprotect((uint64_t) at, PAGE_SIZE, PROT_NONE), 0);
    CHECK_IS(sys_mprotect((uint64_t) at, PAGE_SIZE, PROT_READ), 0);
    user_value((uint64_t) at);
}

static void rights_stay_apart_when_areas_look_alike(void) {
    machine_reset();
    CHECK_IS(map_physical(AT, image_physical(), PAGE_SIZE, PROT_READ, false), AT);
    CHECK_IS(map_physical(AT + PAGE_SIZE, image_physical() + PAGE_SIZE, PAGE_SIZE, RW, false), AT + PAGE_SIZE);
    CHECK_IS(sys_mprotect(AT, 2 * PAGE_SIZE, PROT_READ), 0);
    CHECK_IS(sys_mprotect(AT, PAGE_SIZE, RW), -EACCES);
    CHECK_IS(sys_mprotect(AT + PAGE_SIZE, PAGE_SIZE, RW), 0);
}

// ---- Files --------------------------------------------------------------------------------------------------------------------------------------

static void a_private_page_is_copied_when_written(void) {
    machine_reset();
    uint64_t at = map_file(FD_SEALED, RW, MAP_PRIVATE), before = *file_word(FD_SEALED, 0), available = pages_available();
    CHECK_IS(user_value(at), before);
    CHECK(pages_available() + 4 >= available);  // tables at most
    machine_cpu = 1;
    CHECK_IS(user_value(at), before);
    CHECK_IS(user_write(at, 1), FAULT_DONE);
    machine_cpu = 0;
    CHECK_IS(user_value(at), 1);
    CHECK_IS(*file_word(FD_SEALED, 0), before);
    CHECK_IS(sys_madvise(at, PAGE_SIZE, DONTNEED), 0);
    CHECK_IS(user_value(at), before);
}

static void beyond_the_last_page_is_a_bus_error(void) {
    machine_reset();
    long at = sys_mmap(0, 2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE, FD_SEALED, (FILE_PAGES - 1) * PAGE_SIZE);
    uint64_t value;
    CHECK_IS(user_value((uint64_t) at + PAGE_SIZE - 8), 0);
    CHECK_IS(user_read((uint64_t) at + PAGE_SIZE, &value), FAULT_BEYOND_FILE);
}

// ---- Advice -------------------------------------------------------------------------------------------------------------------------------------

static void advice_does_what_it_says_or_is_refused(void) {
    machine_reset();
    map(AT, 4 * PAGE_SIZE, RW, 0);
    CHECK_IS(user_write(AT, 5), FAULT_DONE);
    for (int unknown = 5; unknown < 8; unknown++) {
        CHECK_IS(sys_madvise(AT, PAGE_SIZE, unknown), -EINVAL);
    }
    CHECK(sys_madvise(AT, PAGE_SIZE, REMOVE) < 0);
    CHECK_IS(user_value(AT), 5);
    if (!sys_madvise(AT, PAGE_SIZE, DONTNEED_LOCKED)) {
        CHECK_IS(user_value(AT), 0);
    }
    uint64_t file = map_file(FD_SEALED, RW, MAP_PRIVATE);
    CHECK_IS(user_write(file, 6), FAULT_DONE);
    CHECK_IS(sys_madvise(file, PAGE_SIZE, FREE), -EINVAL);  // not anonymous
    CHECK_IS(user_value(file), 6);
}

static void populating_says_when_it_cannot(void) {
    machine_reset();
    map(AT, 4 * PAGE_SIZE, RW, 0);
    CHECK_IS(sys_madvise(AT, 4 * PAGE_SIZE, POPULATE_WRITE), 0);
    CHECK_IS(sys_mprotect(AT + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
    CHECK(sys_madvise(AT, 4 * PAGE_SIZE, POPULATE_WRITE) < 0);
    CHECK_IS(sys_madvise(AT, 4 * PAGE_SIZE, POPULATE_READ), 0);
    uint64_t more = map(0, 64 * PAGE_SIZE, RW, 0);
    memory_take_all_but(32);
    CHECK_IS(sys_madvise(more, 64 * PAGE_SIZE, POPULATE_WRITE), -ENOMEM);
}

static void mincore_tells_what_is_there(void) {
    machine_reset();
    uint64_t at = map(0, 3 * PAGE_SIZE, RW, 0), vector = map(0, PAGE_SIZE, RW, 0);
    CHECK_IS(user_write(at + PAGE_SIZE, 1), FAULT_DONE);
    CHECK_IS(sys_mincore(at, 3 * PAGE_SIZE, (unsigned char *) vector), 0);
    CHECK_IS(user_value(vector), 0x000100);
    CHECK_IS(sys_mincore(at, PAGE_SIZE, (unsigned char *) 0x1000), -EFAULT);
}

// ---- When memory is out -------------------------------------------------------------------------------------------------------------------------

static void reserving_costs_nothing_and_committing_is_counted(void) {
    machine_reset();
    uint64_t much = 16ul << 40, all = pages_total() * PAGE_SIZE;
    uint64_t at = map(0, much, PROT_NONE, MAP_NORESERVE);
    CHECK_IS(sys_mmap(at, all + PAGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0), -ENOMEM);
    CHECK_IS(sys_mprotect(at, all + PAGE_SIZE, RW), -ENOMEM);
    map(at, all / 2, RW, 0);
    map(0, much, RW, MAP_NORESERVE);
    memory_take_all_but(10);
    CHECK_IS(sys_mmap(0, 11 * PAGE_SIZE, RW, PRIVATE, -1, 0), -ENOMEM);
    CHECK(sys_mmap(0, 11 * PAGE_SIZE, PROT_READ, PRIVATE, -1, 0) > 0);
}

static void committing_several_areas_is_counted_together(void) {
    machine_reset();
    map(AT, 20 * PAGE_SIZE, PROT_NONE, 0);
    map(AT + 20 * PAGE_SIZE, 20 * PAGE_SIZE, PROT_READ, 0);
    memory_take_all_but(30);
    CHECK_IS(sys_mprotect(AT, 40 * PAGE_SIZE, RW), -ENOMEM);
    CHECK_IS(sys_mprotect(AT, 25 * PAGE_SIZE, RW), 0);
}

static void a_fault_without_memory_says_so(void) {
    for (uint64_t left = 0; left < 8; left++) {
        machine_reset();
        uint64_t at = map(AT + (left << 40), 64 * PAGE_SIZE, RW, 0);  // far from all tables
        memory_take_all_but(left);
        enum fault_result result = FAULT_DONE;
        for (uint64_t i = 0; i < 64 && result == FAULT_DONE; i++) {
            result = user_write(at + i * PAGE_SIZE, i);
        }
        CHECK_IS(result, FAULT_NO_MEMORY);
    }
}

static void a_copy_without_memory_says_so(void) {
    machine_reset();
    uint64_t at = map_file(FD_SEALED, RW, MAP_PRIVATE), value = user_value(at);
    memory_take_all_but(0);
    CHECK_IS(user_write(at, 1), FAULT_NO_MEMORY);
    CHECK_IS(user_value(at), value);
}

// With so many pages left, part of a huge page is changed: all is done or nothing, and nothing is lost.
static void part_of_a_huge_page_changes_as_a_whole_or_not_at_all(void) {
    for (unsigned left = 0; left < 6; left++) {
        for (unsigned what = 0; what < 3; what++) {
            machine_reset();
            map_huge();
            memory_take_all_but(left);
            uint64_t from = AT + 16 * PAGE_SIZE, bytes = 480 * PAGE_SIZE, value;
            long result = what == 0 ? sys_munmap(from, bytes) : what == 1 ? sys_mprotect(from, bytes, PROT_READ) : sys_madvise(from, bytes, DONTNEED);
            CHECK(result == 0 || result == -ENOMEM);
            check_kept(AT, from - AT, AT);
            check_kept(from + bytes, AT + HUGE_SIZE - from - bytes, from + bytes);
            if (result || what == 1) {
                check_kept(from, bytes, from);
            }
            memory_give_back();
            CHECK_IS(user_write(from, 9), result || what == 2 ? FAULT_DONE : what == 0 ? FAULT_UNMAPPED : FAULT_FORBIDDEN);
            CHECK_IS(user_read(from + PAGE_SIZE, &value), !result && what == 0 ? FAULT_UNMAPPED : FAULT_DONE);
        }
    }
}

// Pages that are there but may not be touched are not there for the processor; they have to be before the area says that they may be.
static void a_huge_page_comes_back_as_a_whole_or_not_at_all(void) {
    for (unsigned left = 0; left < 6; left++) {
        for (unsigned advise = 0; advise < 2; advise++) {
            machine_reset();
            map_huge();
            CHECK_IS(sys_mprotect(AT, HUGE_SIZE, PROT_NONE), 0);
            uint64_t from = AT + 16 * PAGE_SIZE, bytes = 480 * PAGE_SIZE, value;
            if (advise) {  // the whole of it, but of several areas
                sys_madvise(from, bytes, NOHUGEPAGE);
            }
            memory_take_all_but(left);
            long result = advise ? sys_mprotect(AT, HUGE_SIZE, PROT_READ) : sys_mprotect(from, bytes, PROT_READ);
            CHECK_IS(user_read(from, &value), result ? FAULT_FORBIDDEN : FAULT_DONE);
            memory_give_back();
            CHECK_IS(sys_mprotect(AT, HUGE_SIZE, RW), 0);
            check_kept(AT, HUGE_SIZE, AT);
        }
    }
}

static void all_memory_comes_back(void) {
    machine_reset();
    CHECK(file_references(FD_SEALED) == 0 && file_references(FD_RAM) == 0 && file_references(FD_WRITE_ONLY) == 0);
    CHECK(pages_total() - pages_available() < 150);  // the objects of 5,000 areas, and the last of the tables
}

int main(void) {
    machine_start();
    RUN(hints_are_honoured_when_free);
    RUN(nothing_is_mapped_near_null);
    RUN(ranges_that_cannot_be_are_refused);
    RUN(thousands_of_areas_are_found_again);
    RUN(brk_grows_shrinks_and_refuses);
    RUN(brk_to_the_end_of_all_addresses_unmaps_nothing);
    RUN(contents_stay_while_they_may_not_be_touched);
    RUN(a_hole_stops_mprotect);
    RUN(what_was_opened_for_reading_never_becomes_writable);
    RUN(what_was_opened_for_writing_alone_is_not_mapped);
    RUN(physical_memory_shown_for_reading_never_becomes_writable);
    RUN(rights_stay_apart_when_areas_look_alike);
    RUN(a_private_page_is_copied_when_written);
    RUN(beyond_the_last_page_is_a_bus_error);
    RUN(advice_does_what_it_says_or_is_refused);
    RUN(populating_says_when_it_cannot);
    RUN(mincore_tells_what_is_there);
    RUN(reserving_costs_nothing_and_committing_is_counted);
    RUN(committing_several_areas_is_counted_together);
    RUN(a_fault_without_memory_says_so);
    RUN(a_copy_without_memory_says_so);
    RUN(part_of_a_huge_page_changes_as_a_whole_or_not_at_all);
    RUN(a_huge_page_comes_back_as_a_whole_or_not_at_all);
    RUN(all_memory_comes_back);
    return host_report();
}
