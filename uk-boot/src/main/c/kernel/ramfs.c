// Files in RAM, below /tmp: for what a JVM writes beside its work (a JFR recording, a heap dump). Bounded: an eighth of memory, and 4,096 names.
#include "boot.h"
#include "lock.h"
#include "memory.h"
#include "node.h"

enum { NAME_LIMIT = 255, NODE_LIMIT = 4096, SLOTS = 512 };
#define SIZE_LIMIT ((uint64_t) SLOTS * SLOTS * PAGE_SIZE)
#define FIRST_INODE (1ul << 32)

struct ram_node {
    struct ram_node *parent, *next, *children;  // next: of the same parent
    uint32_t mode;
    uint32_t opens;     // open files on it; a name counts as one
    bool mapped;        // some page may be in an address space: frames stay until all is closed
    uint64_t size, inode;
    int64_t modified;
    uint64_t **pages;   // SLOTS tables of SLOTS pages, each at its direct address or 0
    char name[NAME_LIMIT + 1];
};

static struct lock lock = LOCK_INIT("ram files");
static struct pool pool = {.size = sizeof(struct ram_node)};
static struct ram_node root = {.mode = FILE_DIRECTORY | 01777, .opens = 1, .inode = FIRST_INODE, .name = "tmp"};
static uint64_t node_count, page_count, page_limit, last_inode = FIRST_INODE;

void ram_start(void) {
    page_limit = pages_total() / 8;
    root.modified = (int64_t) (clock_wall() / 1000000000);
}

void ram_space(uint64_t *total, uint64_t *available) {
    *total = page_limit;
    *available = page_limit - page_count;
}

bool ram_has(const char *path) {
    return !strncmp(path, "/tmp", 4) && (!path[4] || path[4] == '/');
}

// The directory that a path is in, and its last name. The path is below /tmp.
static struct ram_node *walk(const char *path, const char **last, int *error) {
    struct ram_node *directory = &root;
    const char *at = path + 4;
    for (;;) {
        at += *at == '/';
        size_t length = 0;
        while (at[length] && at[length] != '/') {
            length++;
        }
        *last = at;
        if (!at[length]) {
            return directory;
        }
        struct ram_node *child = directory->children;
        while (child && (strncmp(child->name, at, length) || child->name[length])) {
            child = child->next;
        }
        if (!child || !(child->mode & FILE_DIRECTORY)) {
            *error = child ? -ENOTDIR : -ENOENT;
            return NULL;
        }
        directory = child;
        at += length;
    }
}

static struct ram_node *child_named(struct ram_node *directory, const char *name) {
    if (!*name) {
        return directory;
    }
    struct ram_node *child = directory->children;
    while (child && strcmp(child->name, name)) {
        child = child->next;
    }
    return child;
}

static struct ram_node *find(const char *path, int *error) {
    const char *last;
    struct ram_node *directory = walk(path, &last, error);
    struct ram_node *node = directory ? child_named(directory, last) : NULL;
    *error = directory && !node ? -ENOENT : *error;
    return node;
}

static void unlink_node(struct ram_node *node) {
    struct ram_node **link = &node->parent->children;
    while (*link != node) {
        link = &(*link)->next;
    }
    *link = node->next;
    node->parent->modified = (int64_t) (clock_wall() / 1000000000);
}

static void link_node(struct ram_node *directory, struct ram_node *node, const char *name) {
    format(node->name, sizeof node->name, "%s", name);
    node->parent = directory;
    node->next = directory->children;
    directory->children = node;
    directory->modified = (int64_t) (clock_wall() / 1000000000);
}

// The place of a page's address; NULL if there is none and make is not set, or there is no room.
static uint64_t *slot_of(struct ram_node *node, uint64_t offset, bool make) {
    uint64_t page = offset / PAGE_SIZE;
    if (!node->pages && make) {
        node->pages = pages_allocate_zeroed(0);
    }
    if (!node->pages) {
        return NULL;
    }
    uint64_t **table = &node->pages[page / SLOTS];
    if (!*table && make) {
        *table = pages_allocate_zeroed(0);
    }
    return *table ? *table + page % SLOTS : NULL;
}

static char *page_of(struct ram_node *node, uint64_t offset, bool make) {
    uint64_t *slot = slot_of(node, offset, make && page_count < page_limit);
    if (slot && !*slot && make && page_count < page_limit) {
        *slot = (uint64_t) pages_allocate_zeroed(0);
        page_count += *slot != 0;
    }
    return slot ? (char *) *slot : NULL;
}

// Frees pages from an offset on; where they may be mapped they are cleared and stay.
static void cut(struct ram_node *node, uint64_t from, bool keep) {
    if (from % PAGE_SIZE) {
        char *page = page_of(node, from, false);
        if (page) {
            memset(page + from % PAGE_SIZE, 0, PAGE_SIZE - from % PAGE_SIZE);
        }
    }
    for (uint64_t at = ALIGN_UP(from, PAGE_SIZE); node->pages && at < SIZE_LIMIT; at += PAGE_SIZE) {
        uint64_t *table = node->pages[at / PAGE_SIZE / SLOTS];
        if (!table) {
            at = ALIGN_DOWN(at, SLOTS * PAGE_SIZE) + (SLOTS - 1) * PAGE_SIZE;
            continue;
        }
        uint64_t *slot = table + at / PAGE_SIZE % SLOTS;
        if (*slot && keep) {
            memset((void *) *slot, 0, PAGE_SIZE);
        } else if (*slot) {
            pages_free((void *) *slot, 0);
            *slot = 0;
            page_count--;
        }
    }
}

static void release(struct ram_node *node) {
    if (--node->opens) {
        return;
    }
    cut(node, 0, false);
    for (unsigned i = 0; node->pages && i < SLOTS; i++) {
        if (node->pages[i]) {
            pages_free(node->pages[i], 0);
        }
    }
    if (node->pages) {
        pages_free(node->pages, 0);
    }
    node_count--;
    pool_free(&pool, node);
}

// ---- Open files ------------------------------------------------------------------------------------------------------------------------------

// Bytes go by a piece on the stack, as user memory may not be touched under the lock.
enum { PIECE = 1024 };

static long read(struct file *file, void *user, size_t bytes, uint64_t offset) {
    struct ram_node *node = file->node;
    char piece[PIECE];
    size_t done = 0;
    while (done < bytes) {
        lock_acquire(&lock);
        uint64_t at = offset + done, left = at < node->size ? node->size - at : 0;
        size_t part = MIN(MIN(bytes - done, left), MIN((uint64_t) PIECE, PAGE_SIZE - at % PAGE_SIZE));
        const char *page = part ? page_of(node, at, false) : NULL;
        if (page) {
            memcpy(piece, page + at % PAGE_SIZE, part);
        } else {
            memset(piece, 0, part);
        }
        lock_release(&lock);
        if (!part) {
            break;
        }
        if (copy_out((char *) user + done, piece, part)) {
            return done ? (long) done : -EFAULT;
        }
        done += part;
    }
    return (long) done;
}

static long write(struct file *file, const void *user, size_t bytes, uint64_t offset) {
    struct ram_node *node = file->node;
    char piece[PIECE];
    size_t done = 0;
    while (done < bytes) {
        uint64_t at = offset + done;
        size_t part = MIN(bytes - done, MIN((uint64_t) PIECE, PAGE_SIZE - at % PAGE_SIZE));
        if (at >= SIZE_LIMIT) {
            return done ? (long) done : -EFBIG;
        }
        if (copy_in(piece, (const char *) user + done, part)) {
            return done ? (long) done : -EFAULT;
        }
        lock_acquire(&lock);
        char *page = page_of(node, at, true);
        if (page) {
            memcpy(page + at % PAGE_SIZE, piece, part);
            node->size = MAX(node->size, at + part);
            node->modified = (int64_t) (clock_wall() / 1000000000);
        }
        lock_release(&lock);
        if (!page) {
            return done ? (long) done : -ENOSPC;
        }
        done += part;
    }
    return (long) done;
}

static uint64_t page_for_mapping(struct file *file, uint64_t offset) {
    struct ram_node *node = file->node;
    lock_acquire(&lock);
    char *page = offset < node->size ? page_of(node, offset, true) : NULL;
    node->mapped |= page != NULL;
    lock_release(&lock);
    return page ? physical_of(page) : 0;
}

static void close(struct file *file) {
    lock_acquire(&lock);
    release(file->node);
    lock_release(&lock);
}

static const struct file_operations operations = {.read = read, .write = write, .page = page_for_mapping, .close = close};

void ram_opened(void *object) {
    lock_acquire(&lock);
    ((struct ram_node *) object)->opens++;
    lock_release(&lock);
}

int ram_resize(void *object, uint64_t bytes) {
    struct ram_node *node = object;
    if (bytes > SIZE_LIMIT) {
        return -EFBIG;
    }
    lock_acquire(&lock);
    if (bytes < node->size) {
        cut(node, bytes, node->mapped);
    }
    node->size = bytes;
    node->modified = (int64_t) (clock_wall() / 1000000000);
    lock_release(&lock);
    return 0;
}

// ---- Names -----------------------------------------------------------------------------------------------------------------------------------

static void describe(struct ram_node *node, struct node *to) {
    *to = (struct node) {.operations = (node->mode & FILE_DIRECTORY) ? NULL : &operations, .object = node, .mode = node->mode, .size = node->size,
        .inode = node->inode, .modified = node->modified};
}

bool ram_describe(struct file *file, struct node *node) {
    if (file->operations == &operations) {
        describe(file->node, node);
    }
    return file->operations == &operations;
}

int ram_find(const char *path, struct node *to) {
    int error = 0;
    lock_acquire(&lock);
    struct ram_node *node = find(path, &error);
    if (node) {
        describe(node, to);
    }
    lock_release(&lock);
    return error;
}

int ram_create(const char *path, uint32_t mode) {
    int error = 0;
    const char *name;
    lock_acquire(&lock);
    struct ram_node *directory = walk(path, &name, &error);
    if (directory && (!*name || child_named(directory, name))) {
        error = -EEXIST;
    } else if (directory && strlen(name) > NAME_LIMIT) {
        error = -ENAMETOOLONG;
    } else if (directory) {
        struct ram_node *node = node_count < NODE_LIMIT ? pool_allocate(&pool) : NULL;
        error = node ? 0 : -ENOSPC;
        if (node) {
            node_count++;
            node->mode = mode;
            node->opens = 1;
            node->inode = ++last_inode;
            node->modified = (int64_t) (clock_wall() / 1000000000);
            link_node(directory, node, name);
        }
    }
    lock_release(&lock);
    return error;
}

static int can_remove(const struct ram_node *node, bool directory) {
    bool is_directory = (node->mode & FILE_DIRECTORY) != 0;
    return node == &root ? -EBUSY : is_directory != directory ? (directory ? -ENOTDIR : -EISDIR) : node->children ? -ENOTEMPTY : 0;
}

int ram_remove(const char *path, bool directory) {
    int error = 0;
    lock_acquire(&lock);
    struct ram_node *node = find(path, &error);
    error = node ? can_remove(node, directory) : error;
    if (!error) {
        unlink_node(node);
        release(node);
    }
    lock_release(&lock);
    return error;
}

int ram_rename(const char *from, const char *to) {
    int error = 0;
    const char *name;
    lock_acquire(&lock);
    struct ram_node *node = find(from, &error), *directory = node ? walk(to, &name, &error) : NULL;
    struct ram_node *above = directory;
    while (above && above != node) {
        above = above->parent;
    }
    if (directory && (node == &root || !*name || above)) {
        error = -EINVAL;  // into itself, or the root
    } else if (directory && strlen(name) > NAME_LIMIT) {
        error = -ENAMETOOLONG;
    } else if (directory) {
        struct ram_node *old = child_named(directory, name);
        if (old && old != node) {
            error = can_remove(old, (node->mode & FILE_DIRECTORY) != 0);
            if (!error) {
                unlink_node(old);
                release(old);
            }
        }
        if (!error && old != node) {
            unlink_node(node);
            link_node(directory, node, name);
        }
    }
    lock_release(&lock);
    return error;
}

bool ram_child(const char *directory, uint64_t index, struct child *child) {
    int error = 0;
    lock_acquire(&lock);
    struct ram_node *node = ram_has(directory) ? find(directory, &error) : NULL;
    node = node ? node->children : NULL;
    while (node && index--) {
        node = node->next;
    }
    if (node) {  // the name stays where it is: objects of a pool are never given back
        *child = (struct child) {.name = node->name, .length = strlen(node->name), .inode = node->inode, .mode = node->mode};
    }
    lock_release(&lock);
    return node != NULL;
}
