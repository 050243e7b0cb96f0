// The parser of sealed trees: what it takes, what it refuses, and that whatever it takes can be used.
#include "build_tree.h"
#include "crc.h"
#include "host.h"
#include "tree.h"

static const struct made entries[] = {
    {"/", 040755, 1, NULL, 0}, {"/a", 040755, 2, NULL, 0}, {"/a-b", 0100644, 3, "x", 1}, {"/a/b", 0100755, 4, "hello", 5}, {"/empty", 0100600, -5, NULL, 0}};

static struct tree tree;

static const char *check(char *bytes, uint64_t count) {
    return tree_check(bytes, count, &tree);
}

static void crc_is_that_of_castagnoli(void) {
    CHECK(crc32c("123456789", 9) == 0xe3069283);  // the check value of the catalogue of CRCs
    CHECK(crc32c("", 0) == 0);
    char zeros[32] = {0};
    CHECK(crc32c(zeros, 32) == 0x8a9136aa);  // RFC 3720, appendix B.4
    // From an odd address, over rounds of the loop and a rest.
    char bytes[79];
    uint32_t expected = ~0u;
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char) (i * 37 + 11);
    }
    for (unsigned i = 1; i < 78; i++) {
        expected ^= (uint8_t) bytes[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            expected = expected >> 1 ^ (expected & 1 ? 0x82f63b78u : 0);
        }
    }
    CHECK(crc32c(bytes + 1, 77) == ~expected);
}

static void finds_what_is_there_and_nothing_else(void) {
    uint64_t bytes;
    char *image = build_tree(entries, COUNT_OF(entries), &bytes);
    CHECK(!check(image, bytes));
    for (unsigned i = 0; i < COUNT_OF(entries); i++) {
        const struct tree_entry *entry = tree_find(&tree, entries[i].path, strlen(entries[i].path));
        CHECK(entry == &tree.entries[i]);
        CHECK(entry->size == entries[i].size && entry->modified_seconds == entries[i].modified && entry->mode == entries[i].mode);
        CHECK(!entry->size || !memcmp(tree_data(&tree, entry), entries[i].text, entry->size));
    }
    static const char *const absent[] = {"", "/b", "/a/", "/a/bc", "/a/a", "/A", "a", "/empty/x", "/\xff"};
    for (unsigned i = 0; i < COUNT_OF(absent); i++) {
        CHECK(!tree_find(&tree, absent[i], strlen(absent[i])));
    }
    free(image);
}

static void refuses_what_is_cut_short(void) {
    uint64_t bytes;
    char *image = build_tree(entries, COUNT_OF(entries), &bytes);
    for (uint64_t count = 0; count < bytes; count += count < 128 ? 1 : 509) {
        char *part = memcpy(aligned_alloc(PAGE_SIZE, ALIGN_UP(count + 1, PAGE_SIZE)), image, count);
        CHECK(check(part, count));
        free(part);
    }
    CHECK(!check(image, bytes));
    free(image);
}

// Uses all that a tree has; the sanitizer sees whether it is inside.
static unsigned use(char *image) {
    unsigned sum = 0;
    for (uint32_t i = 0; i < tree.header->entry_count; i++) {
        const struct tree_entry *entry = &tree.entries[i];
        char name[64];
        tree_name(&tree, i, name, sizeof name);
        sum += tree_find(&tree, tree.names + entry->name_offset, entry->name_bytes) == entry;
        for (uint64_t at = 0; at < entry->size; at += PAGE_SIZE) {
            sum += tree_page_is_sound(&tree, entry->data_offset + at);
        }
    }
    return sum + (image[0] == 0);
}

static void each_flipped_bit_of_header_and_index_is_found_by_the_checksums(void) {
    uint64_t bytes;
    char *image = build_tree(entries, COUNT_OF(entries), &bytes);
    uint64_t data = ((struct tree_header *) image)->data_offset;
    for (uint64_t bit = 0; bit < data * 8; bit++) {
        bool padding = bit / 8 >= sizeof(struct tree_header) && bit / 8 < PAGE_SIZE;  // means nothing
        image[bit / 8] ^= (char) (1 << bit % 8);
        CHECK((check(image, bytes) == NULL) == padding);
        image[bit / 8] ^= (char) (1 << bit % 8);
    }
    free(image);
}

// With right checksums, as a hostile writer has them: then it is refused, or harmless.
static void each_changed_byte_with_right_checksums_is_refused_or_harmless(void) {
    static const uint8_t masks[] = {0x01, 0x02, 0x80, 0xff, 0x2f, 0x10};
    uint64_t bytes;
    char *image = build_tree(entries, COUNT_OF(entries), &bytes), *copy = aligned_alloc(PAGE_SIZE, bytes);
    uint64_t names_end = ((struct tree_header *) image)->names_offset + ((struct tree_header *) image)->names_bytes;
    unsigned refused = 0, taken = 0;
    for (uint64_t at = 0; at < names_end; at++) {
        for (unsigned m = 0; m < sizeof masks; m++) {
            memcpy(copy, image, bytes);
            copy[at] ^= (char) masks[m];
            struct tree_header *h = (void *) copy;
            bool can_seal = h->data_offset <= bytes && h->entries_offset <= h->data_offset;
            if (can_seal) {
                seal_tree(copy);
            }
            if (check(copy, bytes)) {
                refused++;
            } else {
                taken++;
                use(copy);
            }
        }
    }
    CHECK(refused > 200 && taken > 200);
    free(copy);
    free(image);
}

static void refuses(const struct made *bad, uint32_t count, const char *what, uint32_t entry) {
    uint64_t bytes;
    char *image = build_tree(bad, count, &bytes);
    const char *wrong = check(image, bytes);
    CHECK(wrong);
    if (strcmp(wrong, what) || tree.sound != entry) {
        printf("       said: %s, of entry %u\n", wrong, tree.sound);
        CHECK(!"the reason is another one");
    }
    free(image);
}

static void says_which_entry_is_wrong_and_why(void) {
    static char part[300], path[TREE_PATH_LIMIT + 10];
    memset(part, 'p', 299);
    part[0] = '/';
    for (unsigned i = 0; i < sizeof path - 1; i++) {
        path[i] = i % 100 ? 'x' : '/';
    }
#define BAD(what, entry, ...) refuses((const struct made[]) {{"/", 040755, 0, NULL, 0}, __VA_ARGS__}, \
    COUNT_OF(((const struct made[]) {{0}, __VA_ARGS__})), what, entry)
    BAD("its path cannot be", 1, {"/a/", 040755, 0, NULL, 0});
    BAD("its path cannot be", 1, {"/.", 040755, 0, NULL, 0});
    BAD("its path cannot be", 1, {"/..", 040755, 0, NULL, 0});
    BAD("its path cannot be", 1, {"//a", 040755, 0, NULL, 0});
    BAD("its path cannot be", 1, {"a", 040755, 0, NULL, 0});
    BAD("its path cannot be", 1, {"", 040755, 0, NULL, 0});
    BAD("its path cannot be", 1, {part, 040755, 0, NULL, 0});
    BAD("its path cannot be", 1, {path, 040755, 0, NULL, 0});
    BAD("it is not behind the entry before it", 1, {"/", 040755, 0, NULL, 0});
    BAD("it is not behind the entry before it", 2, {"/b", 040755, 0, NULL, 0}, {"/a", 040755, 0, NULL, 0});
    BAD("its directory is not there", 1, {"/b/c", 0100644, 0, NULL, 0});
    BAD("its directory is not there", 2, {"/b", 0100644, 0, NULL, 0}, {"/b/c", 0100644, 0, NULL, 0});
    BAD("it is neither file nor directory", 1, {"/b", 0120777, 0, NULL, 0});
    BAD("it is neither file nor directory", 1, {"/b", 0104755, 0, NULL, 0});
    BAD("it is neither file nor directory", 1, {"/b", 040755, 0, "x", 1});
    refuses((const struct made[]) {{"/b", 0100644, 0, NULL, 0}}, 1, "its directory is not there", 0);
    part[257] = 0;
    BAD("its path cannot be", 1, {part, 040755, 0, NULL, 0});
    part[256] = 0;
    refuses((const struct made[]) {{"/", 040755, 0, NULL, 0}, {part, 0100644, 0, NULL, 0}, {"/q/", 040755, 0, NULL, 0}}, 3, "its path cannot be", 2);
}

static void refuses_data_that_is_not_at_a_page_of_the_tree(void) {
    static const uint64_t by[] = {1, 8, 2048, PAGE_SIZE, 1ul << 40, -PAGE_SIZE, -1ul << 63};
    for (unsigned i = 0; i < COUNT_OF(by); i++) {
        uint64_t bytes;
        char *image = build_tree(entries, COUNT_OF(entries), &bytes);
        ((struct tree_entry *) (image + PAGE_SIZE))[3].data_offset += by[i];
        seal_tree(image);
        bool fits = by[i] == -PAGE_SIZE;  // the page of another file, which is harmless
        const char *wrong = check(image, bytes);
        CHECK(fits ? !wrong : wrong && !strcmp(wrong, "its data is not in the tree"));
        free(image);
    }
}

static void there_are_65536_entries_at_most(void) {
    struct made *many = calloc(TREE_ENTRY_LIMIT + 1, sizeof *many);
    char *names = calloc(TREE_ENTRY_LIMIT + 1, 8);
    for (uint32_t i = 0; i <= TREE_ENTRY_LIMIT; i++) {
        format(names + i * 8, 8, i ? "/%05x" : "/", i);
        many[i] = (struct made) {names + i * 8, 040755, 0, NULL, 0};
    }
    for (uint32_t over = 0; over < 2; over++) {
        uint64_t bytes;
        char *image = build_tree(many, TREE_ENTRY_LIMIT + over, &bytes);
        CHECK((check(image, bytes) != NULL) == over);
        free(image);
    }
    free(many);
    free(names);
}

static void a_name_for_a_message_has_no_control_characters(void) {
    uint64_t bytes;
    char *image = build_tree((const struct made[]) {{"/", 040755, 0, NULL, 0}, {"/a\033[2J\n", 0100644, 0, NULL, 0}}, 2, &bytes), name[64];
    CHECK(!check(image, bytes));
    tree_name(&tree, 1, name, sizeof name);
    CHECK(!strcmp(name, "/a?[2J?"));
    free(image);
}

static void a_flipped_bit_of_the_data_is_found(void) {
    uint64_t bytes;
    char *image = build_tree(entries, COUNT_OF(entries), &bytes);
    CHECK(!check(image, bytes));
    uint64_t from = tree.header->data_offset;
    for (uint64_t bit = from * 8; bit < bytes * 8; bit++) {
        image[bit / 8] ^= (char) (1 << bit % 8);
        CHECK(!tree_page_is_sound(&tree, bit / 8));
        image[bit / 8] ^= (char) (1 << bit % 8);
    }
    CHECK(tree_page_is_sound(&tree, from) && tree_page_is_sound(&tree, bytes - 1));
    free(image);
}

int main(void) {
    RUN(crc_is_that_of_castagnoli);
    RUN(finds_what_is_there_and_nothing_else);
    RUN(refuses_what_is_cut_short);
    RUN(each_flipped_bit_of_header_and_index_is_found_by_the_checksums);
    RUN(each_changed_byte_with_right_checksums_is_refused_or_harmless);
    RUN(says_which_entry_is_wrong_and_why);
    RUN(refuses_data_that_is_not_at_a_page_of_the_tree);
    RUN(there_are_65536_entries_at_most);
    RUN(a_name_for_a_message_has_no_control_characters);
    RUN(a_flipped_bit_of_the_data_is_found);
    return host_report();
}
