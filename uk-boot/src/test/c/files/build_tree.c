// See build_tree.h.
#include "build_tree.h"
#include "crc.h"
#include "host.h"

void seal_tree(char *tree) {
    struct tree_header *h = (void *) tree;
    h->index_checksum = crc32c(tree + h->entries_offset, h->data_offset - h->entries_offset);
    h->header_checksum = crc32c(h, offsetof(struct tree_header, header_checksum));
}

char *build_tree(const struct made *entries, uint32_t count, uint64_t *bytes) {
    uint64_t names = 0, pages = 0;
    for (uint32_t i = 0; i < count; i++) {
        names += strlen(entries[i].path);
        pages += ALIGN_UP(entries[i].size, PAGE_SIZE) / PAGE_SIZE;
    }
    struct tree_header h = {.magic = TREE_MAGIC, .version = TREE_VERSION, .entry_count = count, .entries_offset = PAGE_SIZE, .names_bytes = names};
    h.names_offset = PAGE_SIZE + ALIGN_UP(count * sizeof(struct tree_entry), PAGE_SIZE);
    h.checksums_offset = h.names_offset + ALIGN_UP(names, PAGE_SIZE);
    h.data_offset = h.checksums_offset + ALIGN_UP(pages * 4, PAGE_SIZE);
    h.total_bytes = h.data_offset + pages * PAGE_SIZE;
    char *tree = memset(aligned_alloc(PAGE_SIZE, h.total_bytes), 0, h.total_bytes);
    memcpy(tree, &h, sizeof h);
    struct tree_entry *entry = (void *) (tree + h.entries_offset);
    uint64_t at = h.data_offset;
    uint32_t name = 0;
    for (uint32_t i = 0; i < count; i++, entry++) {
        uint16_t length = (uint16_t) strlen(entries[i].path);
        *entry = (struct tree_entry) {.data_offset = entries[i].size ? at : 0, .size = entries[i].size, .modified_seconds = entries[i].modified,
            .name_offset = name, .name_bytes = length, .mode = entries[i].mode};
        memcpy(tree + h.names_offset + name, entries[i].path, length);
        memcpy(tree + at, entries[i].size ? entries[i].text : "", entries[i].size);
        name += length;
        at += ALIGN_UP(entries[i].size, PAGE_SIZE);
    }
    uint32_t *checksums = (void *) (tree + h.checksums_offset);
    for (uint64_t i = 0; i < pages; i++) {
        checksums[i] = crc32c(tree + h.data_offset + i * PAGE_SIZE, PAGE_SIZE);
    }
    seal_tree(tree);
    *bytes = h.total_bytes;
    return tree;
}
