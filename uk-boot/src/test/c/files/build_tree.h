// Makes a sealed tree in memory: for tests, out of constant entries in the right order.
#ifndef UK_TEST_BUILD_TREE_H
#define UK_TEST_BUILD_TREE_H

#include "../../../main/c/include/uk4j/tree.h"
#include "base.h"

struct made {
    const char *path;
    uint16_t mode;
    int64_t modified;
    const char *text;
    size_t size;
};

// The tree, on a page of its own, to be freed; its length in *bytes.
char *build_tree(const struct made *entries, uint32_t count, uint64_t *bytes);
// Makes both checksums right again, after something was changed.
void seal_tree(char *tree);
#endif
