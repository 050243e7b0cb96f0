// The pairing heap of heap.h (Fredman, Sedgewick, Sleator, Tarjan 1986): insertion in constant time, removal in amortised log n.
#include "heap.h"

static struct heap_node *meld(struct heap_node *a, struct heap_node *b) {
    if (!a || !b) {
        return a ? a : b;
    }
    if (b->key < a->key) {
        struct heap_node *swap = a;
        a = b;
        b = swap;
    }
    b->previous = a;
    b->next = a->child;
    if (a->child) {
        a->child->previous = b;
    }
    a->child = b;
    return a;
}

// Makes one tree of siblings: pairs from the left, then all of them from the right. Without recursion: stacks are small.
static struct heap_node *meld_siblings(struct heap_node *first) {
    struct heap_node *pairs = NULL;
    while (first) {
        struct heap_node *a = first, *b = a->next;
        first = b ? b->next : NULL;
        a->next = a->previous = NULL;
        if (b) {
            b->next = b->previous = NULL;
        }
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    struct heap_node *top = NULL;
    while (pairs) {
        struct heap_node *next = pairs->next;
        pairs->next = NULL;
        top = meld(top, pairs);
        pairs = next;
    }
    return top;
}

void heap_insert(struct heap *heap, struct heap_node *node) {
    node->child = node->next = node->previous = NULL;
    heap->top = meld(heap->top, node);
}

void heap_remove(struct heap *heap, struct heap_node *node) {
    if (heap->top == node) {
        heap->top = meld_siblings(node->child);
        return;
    }
    if (node->previous->child == node) {
        node->previous->child = node->next;
    } else {
        node->previous->next = node->next;
    }
    if (node->next) {
        node->next->previous = node->previous;
    }
    struct heap_node *rest = meld_siblings(node->child);
    node->child = node->next = node->previous = NULL;
    heap->top = meld(heap->top, rest);
}
