// A priority queue of nodes that are part of what they order: a pairing heap. Least key first; equal keys in no order.
#ifndef UK_HEAP_H
#define UK_HEAP_H

#include "base.h"

struct heap_node {
    uint64_t key;
    struct heap_node *child, *next;
    struct heap_node *previous;  // the one before among its siblings, or the parent of the first
};

struct heap {
    struct heap_node *top;
};

void heap_insert(struct heap *heap, struct heap_node *node);
void heap_remove(struct heap *heap, struct heap_node *node);

#endif
