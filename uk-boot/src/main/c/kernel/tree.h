// The sealed tree of the image (include/uk4j/tree.h), read where it lies.
#ifndef UK_SEALED_TREE_H
#define UK_SEALED_TREE_H

#include "../include/uk4j/tree.h"
#include "base.h"

struct tree {
    const struct tree_header *header;
    const struct tree_entry *entries;
    const char *names;
    const uint32_t *checksums;
    uint32_t sound;  // entries that tree_check found nothing wrong with: the number of the one in which it did, if there is such
};

// What is wrong with a tree of so many bytes, and with which part of it; or NULL, and then everything in it can be used without more checks.
const char *tree_check(const void *bytes, uint64_t count, struct tree *tree);

// The name of an entry, sound or not, for a message: what is not printable comes out as '?'.
void tree_name(const struct tree *tree, uint32_t index, char *to, size_t size);

// The entry with a path, by binary search, or NULL.
const struct tree_entry *tree_find(const struct tree *tree, const char *path, size_t length);
static inline const char *tree_data(const struct tree *tree, const struct tree_entry *entry) {
    return (const char *) tree->header + entry->data_offset;
}
// Whether the page at an offset of the tree's data has the checksum that it should have.
bool tree_page_is_sound(const struct tree *tree, uint64_t offset);

#endif
