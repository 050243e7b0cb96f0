// Files of the image. Their pages are checked when they are first used, and mapped where they lie.
#include "memory.h"
#include "node.h"
#include "tree.h"

static struct tree tree;
static uint64_t *checked;  // a bit for each page of the data

void files_start(const void *bytes, uint64_t count) {
    const char *wrong = tree_check(bytes, count, &tree);
    if (wrong) {
        char name[TREE_PATH_LIMIT + 1];
        if (!tree.entries) {
            machine_exit(EXIT_IMAGE, "the image is damaged: %s", wrong);
        }
        tree_name(&tree, tree.sound, name, sizeof name);
        machine_exit(EXIT_IMAGE, "the image is damaged: index: entry %u, %s: %s", tree.sound, name, wrong);
    }
    uint64_t pages = (tree.header->total_bytes - tree.header->data_offset) / PAGE_SIZE, needed = ALIGN_UP(pages, 64ul) / 8;
    unsigned order = 0;
    while (PAGE_SIZE << order < needed) {
        order++;
    }
    checked = order <= ORDER_LIMIT ? pages_allocate_zeroed(order) : NULL;
    if (!checked) {
        machine_exit(EXIT_MEMORY, "no memory to keep which of the image's %lu pages were checked", pages);
    }
    ram_start();
}

static _Noreturn void damaged(uint64_t offset) {
    for (uint32_t i = 0; i < tree.header->entry_count; i++) {
        const struct tree_entry *entry = &tree.entries[i];
        if (entry->size && offset >= entry->data_offset && offset < ALIGN_UP(entry->data_offset + entry->size, PAGE_SIZE)) {
            char name[TREE_PATH_LIMIT + 1];
            tree_name(&tree, i, name, sizeof name);
            machine_exit(EXIT_IMAGE, "the image is damaged: the file %s is, in the page at byte %lu", name, offset - entry->data_offset);
        }
    }
    machine_exit(EXIT_IMAGE, "the image is damaged: at byte %lu", offset);
}

// The bytes of an entry from offset on, for as many as are checked at once: up to the end of the page.
static const char *page_at(const struct tree_entry *entry, uint64_t offset) {
    uint64_t at = ALIGN_DOWN(entry->data_offset + offset, PAGE_SIZE), page = (at - tree.header->data_offset) / PAGE_SIZE;
    if (!(__atomic_load_n(&checked[page / 64], __ATOMIC_RELAXED) >> page % 64 & 1)) {
        if (!tree_page_is_sound(&tree, at)) {
            damaged(at);
        }
        __atomic_fetch_or(&checked[page / 64], 1ul << page % 64, __ATOMIC_RELAXED);
    }
    return (const char *) tree.header + at;
}

static long read_entry(const struct tree_entry *entry, void *to, size_t bytes, uint64_t offset, bool to_user) {
    if (offset >= entry->size) {
        return 0;
    }
    bytes = MIN(bytes, entry->size - offset);
    for (size_t done = 0; done < bytes;) {
        uint64_t at = offset + done, in_page = at % PAGE_SIZE;
        size_t part = MIN(bytes - done, PAGE_SIZE - in_page);
        const char *from = page_at(entry, at) + in_page;
        if (!to_user) {
            memcpy((char *) to + done, from, part);
        } else if (copy_out((char *) to + done, from, part)) {
            return done ? (long) done : -EFAULT;
        }
        done += part;
    }
    return (long) bytes;
}

static long read(struct file *file, void *user, size_t bytes, uint64_t offset) {
    return read_entry(file->node, user, bytes, offset, true);
}

static uint64_t page(struct file *file, uint64_t offset) {
    const struct tree_entry *entry = file->node;
    return offset < entry->size ? physical_of(page_at(entry, offset)) : 0;
}

static const struct file_operations operations = {.read = read, .page = page};

static void describe(const struct tree_entry *entry, struct node *node) {
    *node = (struct node) {.operations = (entry->mode & FILE_DIRECTORY) ? NULL : &operations, .object = (void *) entry, .mode = entry->mode,
        .size = entry->size, .inode = (uint64_t) (entry - tree.entries) + 1, .modified = entry->modified_seconds};
}

bool sealed_describe(struct file *file, struct node *node) {
    if (file->operations == &operations) {
        describe(file->node, node);
    }
    return file->operations == &operations;
}

int sealed_find(const char *path, struct node *node) {
    size_t length = strlen(path);
    const struct tree_entry *entry = tree_find(&tree, path, length);
    if (entry) {
        describe(entry, node);
        return 0;
    }
    while (!entry) {  // at the root, at the latest: is what is above it a directory?
        while (path[--length] != '/') {
        }
        length = MAX(length, 1ul);
        entry = tree_find(&tree, path, length);
    }
    return (entry->mode & FILE_DIRECTORY) ? -ENOENT : -ENOTDIR;
}

bool sealed_child(const char *directory, uint64_t *position, struct child *child) {
    size_t start = strlen(directory);
    start += start > 1;  // the '/' behind it
    for (; *position < tree.header->entry_count; ++*position) {
        const struct tree_entry *entry = &tree.entries[*position];
        const char *name = tree.names + entry->name_offset;
        bool in = entry->name_bytes > start && !memcmp(name, directory, start - 1) && name[start - 1] == '/';
        for (size_t i = start; i < entry->name_bytes && in; i++) {
            in = name[i] != '/';
        }
        if (in) {
            *child = (struct child) {.length = entry->name_bytes - start, .inode = *position + 1, .mode = entry->mode};
            memcpy(child->name, name + start, child->length);
            return true;
        }
    }
    return false;
}

struct file *file_open_kernel(const char *path) {
    struct node node;
    if (sealed_find(path, &node) || !node.operations) {
        return NULL;
    }
    return file_make(&node, 0);
}

long file_read_kernel(struct file *file, void *to, size_t bytes, uint64_t offset) {
    return read_entry(file->node, to, bytes, offset, false);
}

uint64_t file_size(struct file *file) {
    return ((const struct tree_entry *) file->node)->size;
}

uint64_t files_sealed(void) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < tree.header->entry_count; i++) {
        count += (tree.entries[i].mode & FILE_REGULAR) == FILE_REGULAR;
    }
    return count;
}
