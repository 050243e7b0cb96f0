// For libFuzzer: whatever the bytes are, tree_check refuses them, or everything in the tree can be used. Checksums are made right first, else
// no input would come far.
#include "build_tree.h"
#include "host.h"
#include "tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 256 * PAGE_SIZE) {
        return 0;
    }
    // The last page of a real one may be short in a corpus: so are most inputs. They go to the start of a block of whole pages.
    uint64_t bytes = ALIGN_UP(MAX(size, PAGE_SIZE), PAGE_SIZE);
    char *image = memset(aligned_alloc(PAGE_SIZE, bytes), 0, bytes);
    memcpy(image, data, size);
    struct tree_header *h = (void *) image;
    h->magic = TREE_MAGIC;
    h->version = TREE_VERSION;
    h->total_bytes = h->total_bytes % 2 ? h->total_bytes : bytes;
    if (h->data_offset <= bytes && h->entries_offset <= h->data_offset) {
        seal_tree(image);
    }
    struct tree tree;
    if (!tree_check(image, bytes, &tree)) {
        for (uint32_t i = 0; i < h->entry_count; i++) {
            const struct tree_entry *entry = &tree.entries[i];
            char name[TREE_PATH_LIMIT + 1];
            tree_name(&tree, i, name, sizeof name);
            ASSERT(tree_find(&tree, tree.names + entry->name_offset, entry->name_bytes) == entry);
            for (uint64_t at = 0; at < entry->size; at += PAGE_SIZE) {
                volatile bool sound = tree_page_is_sound(&tree, entry->data_offset + at);
                (void) sound;
            }
        }
    } else if (tree.entries) {
        char name[64];
        tree_name(&tree, tree.sound, name, sizeof name);
    }
    free(image);
    return 0;
}
