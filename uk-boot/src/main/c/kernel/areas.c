// The set of areas: a treap (Seidel and Aragon 1996), ordered by address.
#include "areas.h"
#include "file.h"
#include "tables.h"

#define LOWEST 0x10000ul
#define SEARCH_TOP 0x7ffff0000000ul

struct lock memory_lock = LOCK_INIT("memory");

static struct area *root;
static struct pool pool = {.size = sizeof(struct area)};
static uint64_t search_from = SEARCH_TOP;  // all above it was in use when last looked

static uint32_t next_priority(void) {
    static uint64_t state = 0x9e3779b97f4a7c15ul;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t) (state >> 32);
}

static struct area *rotate_right(struct area *top) {
    struct area *left = top->left;
    top->left = left->right;
    left->right = top;
    return left;
}

static struct area *rotate_left(struct area *top) {
    struct area *right = top->right;
    top->right = right->left;
    right->left = top;
    return right;
}

static struct area *insert(struct area *top, struct area *area) {
    if (!top) {
        return area;
    }
    if (area->from < top->from) {
        top->left = insert(top->left, area);
        return top->left->priority > top->priority ? rotate_right(top) : top;
    }
    top->right = insert(top->right, area);
    return top->right->priority > top->priority ? rotate_left(top) : top;
}

static struct area *merge(struct area *left, struct area *right) {
    if (!left || !right) {
        return left ? left : right;
    }
    if (left->priority > right->priority) {
        left->right = merge(left->right, right);
        return left;
    }
    right->left = merge(left, right->left);
    return right;
}

struct area *areas_at_or_after(uint64_t address) {
    struct area *best = NULL;
    for (struct area *area = root; area;) {
        if (area->to > address) {
            best = area;
            area = area->left;
        } else {
            area = area->right;
        }
    }
    return best;
}

struct area *area_of(uint64_t address) {
    struct area *area = areas_at_or_after(address);
    return area && area->from <= address ? area : NULL;
}

struct area *areas_before(uint64_t address) {
    struct area *best = NULL;
    for (struct area *area = root; area;) {
        if (area->from < address) {
            best = area;
            area = area->right;
        } else {
            area = area->left;
        }
    }
    return best;
}

static struct area *make(const struct area *template) {
    struct area *area = pool_allocate(&pool);
    if (area) {
        *area = *template;
        area->left = area->right = NULL;
        area->priority = next_priority();
        root = insert(root, area);
    }
    return area;
}

static void take_out(struct area *area) {
    struct area **link = &root;
    while (*link != area) {
        link = area->from < (*link)->from ? &(*link)->left : &(*link)->right;
    }
    *link = merge(area->left, area->right);
}

void areas_remove(struct area *area) {
    take_out(area);
    search_from = MAX(search_from, MIN(area->to, SEARCH_TOP));
    if (area->file) {
        file_put(area->file);
    }
    pool_free(&pool, area);
}

static bool alike(const struct area *a, const struct area *b) {
    return a->to == b->from && a->kind == b->kind && a->protection == b->protection && a->limit == b->limit && a->shared == b->shared
        && a->uncached == b->uncached && a->huge == b->huge && a->file == b->file && (a->kind == AREA_ANONYMOUS || a->offset + (a->to - a->from) == b->offset);
}

void areas_join(uint64_t from, uint64_t to) {
    struct area *area = areas_before(from);
    area = area ? area : areas_at_or_after(from);
    while (area && area->from <= to) {
        struct area *next = areas_at_or_after(area->to);
        if (next && alike(area, next)) {
            uint64_t end = next->to;
            areas_remove(next);
            area->to = end;
        } else {
            area = next;
        }
    }
}

bool areas_add(const struct area *template) {
    if (!make(template)) {
        return false;
    }
    areas_join(template->from, template->to);
    return true;
}

static bool split(uint64_t at) {
    struct area *area = area_of(at);
    if (!area || area->from == at) {
        return true;
    }
    struct area upper = *area;
    upper.from = at;
    upper.offset += upper.kind == AREA_ANONYMOUS ? 0 : at - area->from;
    if (!tables_split(at) || !make(&upper)) {
        return false;
    }
    if (upper.file) {
        file_keep(upper.file);
    }
    area->to = at;
    return true;
}

bool areas_split(uint64_t from, uint64_t to) {
    return split(from) && split(to);
}

bool areas_is_free(uint64_t from, uint64_t to) {
    struct area *area = areas_at_or_after(from);
    return from >= LOWEST && from < to && to <= USER_END && (!area || area->from >= to);
}

// The highest free range below top.
static uint64_t search(uint64_t top, uint64_t bytes) {
    struct area *next = areas_before(top);
    for (uint64_t end = top; end >= LOWEST + bytes;) {
        uint64_t start = next ? next->to : LOWEST;
        if (start <= end && end - start >= bytes) {
            return end - bytes;
        }
        if (!next) {
            break;
        }
        end = MIN(end, next->from);
        next = areas_before(next->from);
    }
    return 0;
}

uint64_t areas_find_free(uint64_t hint, uint64_t bytes) {
    hint = ALIGN_DOWN(hint, PAGE_SIZE);
    if (hint && hint + bytes > hint && areas_is_free(hint, hint + bytes)) {
        return hint;
    }
    uint64_t found = search(search_from, bytes);
    found = found ? found : search(SEARCH_TOP, bytes);
    if (found) {
        search_from = found;  // what was too small above is found by the second search
    }
    return found;
}

size_t areas_print(char *to, size_t size, uint64_t offset) {
    uint64_t at = 0;
    size_t done = 0;
    lock_acquire(&memory_lock);
    for (struct area *area = areas_at_or_after(0); area && done < size; area = areas_at_or_after(area->to)) {
        char line[128];
        bool stack = area->to == USER_END;
        int length = format(line, sizeof line, "%08lx-%08lx %c%c%c%c %08lx 00:00 0 %s\n", area->from, area->to, area->protection & PROT_READ ? 'r' : '-',
            area->protection & PROT_WRITE ? 'w' : '-', area->protection & PROT_EXEC ? 'x' : '-', area->shared ? 's' : 'p',
            area->kind == AREA_FILE ? area->offset : 0, stack ? "                  [stack]" : "");
        for (int i = 0; i < length && done < size; i++, at++) {
            if (at >= offset) {
                to[done++] = line[i];
            }
        }
    }
    lock_release(&memory_lock);
    return done;
}
