// The address space against a simple model: for each page of a window what it should be, and what should be in it. All processors take part.
#include "machine.h"

enum { WINDOW = 4 * 512, STEPS = 60000 };
#define BASE (SEARCH_TOP - WINDOW * PAGE_SIZE)
#define LAST_WORD (PAGE_SIZE - 8)

static struct page {
    bool mapped, shared, huge;  // huge: may be part of a page of 2 MiB
    bool own;                   // it was written to, or is anonymous
    int protection, fd;        // fd 0: anonymous
    uint64_t file_offset, first, last;
} model[WINDOW];
static uint64_t huge_seen, refusals;
static unsigned first_seed = 1, seeds = 6;
static bool starved;  // next to no memory is free: calls and faults may fail for that, if then nothing has changed

static uint64_t address_of(unsigned page) {
    return BASE + page * PAGE_SIZE;
}

static bool is_beyond(const struct page *p) {
    return p->fd && p->file_offset >= file_bytes(p->fd);
}

static bool all_mapped(unsigned page, unsigned count) {
    for (unsigned i = page; i < page + count; i++) {
        if (!model[i].mapped) {
            return false;
        }
    }
    return true;
}

static bool all_free(unsigned page, unsigned count) {
    for (unsigned i = page; i < page + count; i++) {
        if (model[i].mapped) {
            return false;
        }
    }
    return true;
}

static void clear(unsigned page, unsigned count) {
    memset(model + page, 0, count * sizeof *model);
}

// What is as it was when it was mapped.
static void refill(struct page *p) {
    bool from_file = p->fd && !is_beyond(p);
    p->own = !p->fd;
    p->first = from_file ? *file_word(p->fd, p->file_offset) : 0;
    p->last = from_file ? *file_word(p->fd, p->file_offset + LAST_WORD) : 0;
}

// Whether a new mapping that begins below the window has nothing of it that is in use.
static bool is_outside(uint64_t address, uint64_t bytes) {
    uint64_t end = ALIGN_UP(address + bytes, PAGE_SIZE);
    return end <= BASE || (end <= SEARCH_TOP && all_free(0, (unsigned) ((end - BASE) / PAGE_SIZE)));
}

static void set_mapped(unsigned page, unsigned count, int protection, int fd, uint64_t offset, bool shared) {
    for (unsigned i = 0; i < count; i++) {
        model[page + i] = (struct page) {.mapped = true, .protection = protection, .fd = fd, .file_offset = offset + i * PAGE_SIZE, .shared = shared};
        refill(&model[page + i]);
    }
}

static uint64_t expected(const struct page *p, bool last) {
    uint64_t offset = p->file_offset + (last ? LAST_WORD : 0);
    return p->fd && !p->own ? *file_word(p->fd, offset) : last ? p->last : p->first;
}

static bool lacks_memory(long result, long error) {
    refusals += starved && result == error;
    return starved && result == error;
}

static void check_page(unsigned page) {
    const struct page *p = &model[page];
    uint64_t value;
    enum fault_result wanted = !p->mapped ? FAULT_UNMAPPED : p->protection == PROT_NONE ? FAULT_FORBIDDEN : is_beyond(p) ? FAULT_BEYOND_FILE : FAULT_DONE;
    enum fault_result result = user_read(address_of(page), &value);
    if (lacks_memory(result, FAULT_NO_MEMORY)) {
        return;
    }
    CHECK_IS(result, wanted);
    if (wanted == FAULT_DONE) {
        CHECK_IS(value, expected(p, false));
        CHECK_IS(user_value(address_of(page) + LAST_WORD), expected(p, true));
        huge_seen += is_huge(address_of(page));
        wanted = (p->protection & PROT_EXEC) ? FAULT_DONE : FAULT_FORBIDDEN;
        CHECK_IS(user_execute(address_of(page)), wanted);
    }
}

static void write_page(unsigned page) {
    struct page *p = &model[page];
    bool writable = p->mapped && (p->protection & PROT_WRITE);
    enum fault_result wanted = !p->mapped ? FAULT_UNMAPPED : !writable ? FAULT_FORBIDDEN : is_beyond(p) ? FAULT_BEYOND_FILE : FAULT_DONE;
    uint64_t value = (uint64_t) host_random() << 32 | host_random(), last = expected(p, true);
    enum fault_result result = user_write(address_of(page) + LAST_WORD, value);
    if (lacks_memory(result, FAULT_NO_MEMORY)) {
        return;
    }
    CHECK_IS(result, wanted);
    if (p->mapped && p->fd && !p->own && !is_beyond(p)) {
        p->first = expected(p, false);
    }
    if (wanted == FAULT_DONE && p->shared) {
        CHECK_IS(*file_word(p->fd, p->file_offset + LAST_WORD), value);
    } else if (wanted == FAULT_DONE) {
        p->own = true;
        p->last = value;
    } else if (!is_beyond(p)) {
        p->last = last;
    }
}

// What is writable is populated by writing, so that copies are there from then on.
static void note_populated(unsigned page, unsigned count) {
    for (unsigned i = page; i < page + count && !is_beyond(&model[i]); i++) {
        model[i].own |= !model[i].shared && (model[i].protection & PROT_WRITE);
    }
}

static void do_map(unsigned page, unsigned count) {
    int protection = host_random() % 3 ? RW : (int) (host_random() % 8), fd = host_random() % 3 ? 0 : FD_SEALED + (int) (host_random() % 2);
    bool shared = fd == FD_RAM && host_random() % 2;
    uint64_t offset = host_random() % FILE_PAGES * PAGE_SIZE, bytes = count * PAGE_SIZE - host_random() % 2 * 100;
    int kind = (fd ? 0 : MAP_ANONYMOUS) | (shared ? MAP_SHARED : MAP_PRIVATE) | (host_random() % 8 ? 0 : MAP_POPULATE);
    if (host_random() % 4) {  // in a given place
        bool no_replace = host_random() % 4 == 0, refused = no_replace && !all_free(page, count);
        long result = sys_mmap(address_of(page), bytes, protection, kind | (no_replace ? MAP_FIXED_NOREPLACE : MAP_FIXED), fd, offset);
        CHECK_IS(result, refused ? -EEXIST : (long) address_of(page));
        if (!refused) {
            set_mapped(page, count, protection, fd, offset, shared);
            note_populated(page, kind & MAP_POPULATE ? count : 0);
        }
        return;
    }
    uint64_t hint = host_random() % 2 ? address_of(page) : 0;
    bool at_hint = hint && all_free(page, count);
    long result = sys_mmap(hint, bytes, protection, kind, fd, offset);
    CHECK(result > 0 && result % (long) PAGE_SIZE == 0);
    if ((uint64_t) result < BASE) {  // below the window
        CHECK(is_outside((uint64_t) result, bytes) && !at_hint);
        CHECK_IS(sys_munmap((uint64_t) result, bytes), 0);
        return;
    }
    unsigned at = (unsigned) (((uint64_t) result - BASE) / PAGE_SIZE);
    CHECK(at + count <= WINDOW && all_free(at, count) && (!at_hint || at == page));
    set_mapped(at, count, protection, fd, offset, shared);
    note_populated(at, kind & MAP_POPULATE ? count : 0);
}

static void do_map_huge(void) {
    unsigned page = host_random() % (WINDOW / 512) * 512;
    CHECK_IS(sys_mmap(address_of(page), HUGE_SIZE, RW, PRIVATE | MAP_FIXED, -1, 0), address_of(page));
    CHECK_IS(sys_madvise(address_of(page), HUGE_SIZE, 14), 0);
    set_mapped(page, 512, RW, 0, 0, false);
    for (unsigned i = page; i < page + 512; i++) {
        model[i].huge = true;
    }
}

static void do_protect(unsigned page, unsigned count) {
    int protection = host_random() % 2 ? RW : (int) (host_random() % 8);
    bool covered = all_mapped(page, count);
    long result = sys_mprotect(address_of(page), count * PAGE_SIZE, protection);
    if (lacks_memory(result, -ENOMEM)) {
        return;
    }
    CHECK_IS(result, covered ? 0 : -ENOMEM);
    for (unsigned i = page; covered && i < page + count; i++) {
        model[i].protection = protection;
    }
}

static void do_advise(unsigned page, unsigned count) {
    static const int advices[] = {4, 4, 14, 14, 15, 3};  // DONTNEED, HUGEPAGE, NOHUGEPAGE, WILLNEED
    int advice = advices[host_random() % COUNT_OF(advices)];
    if (starved && !all_mapped(page, count)) {
        return;  // what ENOMEM stands for cannot be told
    }
    long result = sys_madvise(address_of(page), count * PAGE_SIZE, advice);
    if (all_mapped(page, count) && lacks_memory(result, -ENOMEM)) {
        return;
    }
    CHECK_IS(result, all_mapped(page, count) ? 0 : -ENOMEM);
    for (unsigned i = page; advice == 4 && i < page + count; i++) {
        refill(&model[i]);
    }
    bool sets = (advice == 14 || advice == 15) && all_mapped(page, count);
    for (unsigned i = page; sets && i < page + count; i++) {
        model[i].huge = advice == 14 && !model[i].fd;
    }
}

static void do_unmap(unsigned page, unsigned count) {
    long result = sys_munmap(address_of(page), count * PAGE_SIZE);
    if (!lacks_memory(result, -ENOMEM)) {
        CHECK_IS(result, 0);
        clear(page, count);
    }
}

static void step(void) {
    unsigned page = host_random() % WINDOW, limit = host_random() % 3 ? 24 : 1200, count = 1 + host_random() % MIN(limit, WINDOW - page);
    machine_cpu = host_random() % MACHINE_CPUS;
    unsigned what = host_random() % 40;
    switch (starved ? MAX(what, 3u) : what) {
    case 0 ... 2: do_map(page, count); break;
    case 3: do_unmap(page, count); break;
    case 4 ... 5: do_protect(page, count); break;
    case 6 ... 7: do_advise(page, count); break;
    case 8: starved || host_random() % 4 ? check_page(page) : do_map_huge(); break;
    case 9 ... 23: write_page(page); break;
    default: check_page(page);
    }
}

static void lines_of_maps_follow_each_other(void) {
    static char text[1 << 20];
    size_t length = 0;
    for (size_t part; (part = areas_print(text + length, 1000, length)); length += part) {
        CHECK(length + 2000 < sizeof text);
    }
    uint64_t before = 0;
    unsigned lines = 0;
    for (char *at = text; at < text + length; lines++) {
        uint64_t numbers[2] = {0};
        for (unsigned i = 0; i < 2; i++, at++) {
            for (; *at != '-' && *at != ' '; at++) {
                numbers[i] = numbers[i] * 16 + (uint64_t) (*at >= 'a' ? *at - 'a' + 10 : *at - '0');
            }
        }
        CHECK(numbers[0] >= before && numbers[1] > numbers[0]);
        before = numbers[1];
        while (*at++ != '\n') {
        }
    }
    CHECK(lines > 0);
}

static void behaves_as_the_model(void) {
    machine_reset();
    static uint64_t available;  // once the objects of many areas, and the tables of the window, are there
    for (unsigned seed = first_seed; seed < first_seed + seeds; seed++) {
        printf("space: seed %u\n", seed);
        host_seed(seed);
        clear(0, WINDOW);
        for (unsigned i = 0; i < STEPS; i++) {
            step();
            if (i % 64 == 0) {
                tlbs_check();
                memory_give_back();
                starved = host_random() % 8 == 0;
                if (starved) {
                    memory_take_all_but(host_random() % 6);
                }
            }
        }
        memory_give_back();
        starved = false;
        lines_of_maps_follow_each_other();
        for (unsigned i = 0; i < WINDOW; i++) {
            check_page(i);
        }
        CHECK_IS(sys_munmap(0, USER_END), 0);
        tlbs_check();
        CHECK(file_references(FD_SEALED) == 0 && file_references(FD_RAM) == 0);
        CHECK(seed == first_seed || pages_available() + 8 >= available);  // the pool of areas keeps its pages
        available = pages_available();
    }
    printf("space: %lu looks at huge pages, %lu refusals for memory\n", huge_seen, refusals);
    CHECK(huge_seen > 0 && refusals > 0);
}

int atoi(const char *text);

int main(int count, char **words) {
    if (count == 3) {
        first_seed = (unsigned) atoi(words[1]);
        seeds = (unsigned) atoi(words[2]);
    }
    machine_start();
    RUN(behaves_as_the_model);
    return host_report();
}
