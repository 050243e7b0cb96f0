// Checks a sealed tree and finds files in it. The tree may be anything: each number is checked before it is used.
#include "tree.h"
#include "crc.h"

enum { KIND_FILE = 0100000, KIND_DIRECTORY = 0040000 };

static bool is_inside(uint64_t offset, uint64_t bytes, uint64_t from, uint64_t to) {
    return offset >= from && offset <= to && bytes <= to - offset;
}

static const char *check_header(const struct tree_header *h, uint64_t count) {
    if (count < PAGE_SIZE || h->magic != TREE_MAGIC) {
        return "header: this is no file tree";
    }
    if (h->version != TREE_VERSION) {
        return "header: a version that this boot layer does not know";
    }
    if (crc32c(h, offsetof(struct tree_header, header_checksum)) != h->header_checksum) {
        return "header: its checksum is not right";
    }
    uint64_t total = h->total_bytes;
    if (total > count || total % PAGE_SIZE || h->data_offset % PAGE_SIZE || h->data_offset > total) {
        return "header: it is longer than what is there; the image is cut short";
    }
    uint64_t end = h->data_offset, pages = (total - end) / PAGE_SIZE;
    bool sound = h->entry_count >= 1 && h->entry_count <= TREE_ENTRY_LIMIT && h->entries_offset % 8 == 0 && h->checksums_offset % 4 == 0
        && is_inside(h->entries_offset, h->entry_count * sizeof(struct tree_entry), PAGE_SIZE, end)
        && is_inside(h->names_offset, h->names_bytes, h->entries_offset, end)
        && is_inside(h->checksums_offset, pages * sizeof(uint32_t), h->entries_offset, end);
    if (!sound) {
        return "header: its parts do not fit into it";
    }
    return crc32c((const char *) h + h->entries_offset, end - h->entries_offset) == h->index_checksum ? NULL : "index: its checksum is not right";
}

static int compare(const struct tree *tree, const struct tree_entry *entry, const char *path, size_t length) {
    int order = memcmp(tree->names + entry->name_offset, path, MIN(length, (size_t) entry->name_bytes));
    return order ? order : (entry->name_bytes > length) - (entry->name_bytes < length);
}

// '/', or parts that are not empty, too long, "." or "..", with a '/' before each.
static bool is_path(const char *name, size_t length) {
    if (!length || name[0] != '/') {
        return false;
    }
    for (size_t start = 1; length > 1 && start <= length;) {
        size_t end = start;
        while (end < length && name[end] != '/' && name[end]) {
            end++;
        }
        size_t part = end - start;
        bool dots = (part == 1 || part == 2) && name[start] == '.' && name[end - 1] == '.';
        if (!part || part > TREE_PART_LIMIT || dots || (end < length && !name[end])) {
            return false;
        }
        start = end + 1;
    }
    return true;
}

static const char *check_entry(const struct tree *tree, uint32_t index) {
    const struct tree_header *h = tree->header;
    const struct tree_entry *entry = &tree->entries[index];
    uint32_t kind = entry->mode & ~0777u;
    if (!entry->name_bytes || entry->name_bytes > TREE_PATH_LIMIT || !is_inside(entry->name_offset, entry->name_bytes, 0, h->names_bytes)
        || !is_path(tree->names + entry->name_offset, entry->name_bytes)) {
        return "its path cannot be";
    }
    const char *name = tree->names + entry->name_offset;
    if (index && compare(tree, entry - 1, name, entry->name_bytes) >= 0) {
        return "it is not behind the entry before it";
    }
    if (kind == KIND_FILE && entry->size
        && (entry->data_offset % PAGE_SIZE || !is_inside(entry->data_offset, entry->size, h->data_offset, h->total_bytes))) {
        return "its data is not in the tree";
    }
    if ((kind != KIND_FILE && kind != KIND_DIRECTORY) || (kind == KIND_DIRECTORY && entry->size)) {
        return "it is neither file nor directory";
    }
    size_t parent = entry->name_bytes;
    while (parent > 1 && name[--parent] != '/') {
    }
    const struct tree_entry *directory = entry->name_bytes > 1 ? tree_find(tree, name, parent ? parent : 1) : entry;
    return directory && (directory->mode & ~0777) == KIND_DIRECTORY ? NULL : "its directory is not there";
}

const char *tree_check(const void *bytes, uint64_t count, struct tree *tree) {
    const struct tree_header *h = bytes;
    *tree = (struct tree) {0};
    const char *wrong = check_header(h, count);
    if (wrong) {
        return wrong;
    }
    const char *base = bytes;
    *tree = (struct tree) {h, (const void *) (base + h->entries_offset), base + h->names_offset, (const void *) (base + h->checksums_offset), 0};
    while (tree->sound < h->entry_count && !wrong) {
        wrong = check_entry(tree, tree->sound);
        tree->sound += !wrong;
    }
    return wrong;
}

void tree_name(const struct tree *tree, uint32_t index, char *to, size_t size) {
    const struct tree_entry *entry = &tree->entries[index];
    size_t length = is_inside(entry->name_offset, entry->name_bytes, 0, tree->header->names_bytes) ? MIN((size_t) entry->name_bytes, size - 1) : 0;
    for (size_t i = 0; i < length; i++) {
        char c = tree->names[entry->name_offset + i];
        to[i] = (uint8_t) c < ' ' || c == 127 ? '?' : c;
    }
    to[length] = 0;
}

const struct tree_entry *tree_find(const struct tree *tree, const char *path, size_t length) {
    uint32_t low = 0, high = tree->header->entry_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct tree_entry *entry = &tree->entries[middle];
        // While a tree is checked, entries behind the one in hand are not known to be sound.
        if (!is_inside(entry->name_offset, entry->name_bytes, 0, tree->header->names_bytes)) {
            return NULL;
        }
        int order = compare(tree, entry, path, length);
        if (!order) {
            return entry;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

bool tree_page_is_sound(const struct tree *tree, uint64_t offset) {
    uint64_t page = (offset - tree->header->data_offset) / PAGE_SIZE;
    return crc32c((const char *) tree->header + ALIGN_DOWN(offset, PAGE_SIZE), PAGE_SIZE) == tree->checksums[page];
}
