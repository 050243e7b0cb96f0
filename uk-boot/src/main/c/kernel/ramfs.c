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
    char ***pages;      // SLOTS tables of SLOTS pages; NULL where there is none
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

// Pages of contents, and of the tables that lead to them, count alike.
static void *take_page(void) {
    void *page = page_count < page_limit ? pages_allocate_zeroed(0) : NULL;
    page_count += page != NULL;
    return page;
}

static void give_page(void *page) {
    if (page) {
        pages_free(page, 0);
        page_count--;
    }
}

// The page at an offset; NULL if there is none and make is not set, or there is no room.
static char *page_of(struct ram_node *node, uint64_t offset, bool make) {
    uint64_t page = offset / PAGE_SIZE;
    if (!node->pages && make) {
        node->pages = take_page();
    }
    char ***table = node->pages ? &node->pages[page / SLOTS] : NULL;
    if (table && !*table && make) {
        *table = take_page();
    }
    char **slot = table && *table ? &(*table)[page % SLOTS] : NULL;
    if (slot && !*slot && make) {
        *slot = take_page();
    }
    return slot ? *slot : NULL;
}

// Frees pages from an offset on; where they may be mapped they are cleared and stay.
static void cut(struct ram_node *node, uint64_t from, bool keep) {
    if (from % PAGE_SIZE) {
        char *page = page_of(node, from, false);
        if (page) {
            memset(page + from % PAGE_SIZE, 0, PAGE_SIZE - from % PAGE_SIZE);
        }
    }
    for (uint64_t at = ALIGN_UP(from, PAGE_SIZE) / PAGE_SIZE; node->pages && at < SLOTS * SLOTS; at++) {
        char **table = node->pages[at / SLOTS], **slot = table + at % SLOTS;
        if (!table) {
            at |= SLOTS - 1;
        } else if (*slot && keep) {
            memset(*slot, 0, PAGE_SIZE);
        } else {
            give_page(*slot);
            *slot = NULL;
        }
    }
}

static void release(struct ram_node *node) {
    if (--node->opens) {
        return;
    }
    cut(node, 0, false);
    for (unsigned i = 0; node->pages && i < SLOTS; i++) {
        give_page(node->pages[i]);
    }
    give_page(node->pages);
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

static long write_at(struct ram_node *node, const void *user, size_t bytes, uint64_t offset) {
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

// What is appended gets its place first, so that writers at the same time do not write over each other.
static long append(struct ram_node *node, const void *user, size_t bytes) {
    lock_acquire(&lock);
    uint64_t at = node->size;
    bytes = MIN(bytes, SIZE_LIMIT - at);
    node->size += bytes;
    lock_release(&lock);
    long done = bytes ? write_at(node, user, bytes, at) : -EFBIG;
    lock_acquire(&lock);
    if (done < (long) bytes && node->size == at + bytes) {
        node->size = at + (uint64_t) MAX(done, 0l);
    }
    lock_release(&lock);
    return done;
}

static long write(struct file *file, const void *user, size_t bytes, uint64_t offset) {
    return offset == APPEND ? bytes ? append(file->node, user, bytes) : 0 : write_at(file->node, user, bytes, offset);
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

int ram_reserve(void *object, uint64_t from, uint64_t to) {
    struct ram_node *node = object;
    char *page = NULL;
    for (uint64_t at = ALIGN_DOWN(from, PAGE_SIZE); at < to && to <= SIZE_LIMIT; at += PAGE_SIZE) {
        lock_acquire(&lock);
        page = page_of(node, at, true);
        lock_release(&lock);
        if (!page) {
            return -ENOSPC;
        }
    }
    lock_acquire(&lock);
    node->size = page ? MAX(node->size, to) : node->size;
    lock_release(&lock);
    return page ? 0 : -EFBIG;
}

// ---- Names -----------------------------------------------------------------------------------------------------------------------------------

static void describe(struct ram_node *node, struct node *to) {
    *to = (struct node) {.operations = (node->mode & FILE_DIRECTORY) ? NULL : &operations, .object = node, .mode = node->mode, .size = node->size,
        .inode = node->inode, .modified = node->modified};
}

bool ram_describe(struct file *file, struct node *node) {
    if (file->operations == &operations) {
        lock_acquire(&lock);
        describe(file->node, node);
        lock_release(&lock);
    }
    return file->operations == &operations;
}

static int find_and_open(const char *path, struct node *to, bool open) {
    int error = 0;
    lock_acquire(&lock);
    struct ram_node *node = find(path, &error);
    if (node) {
        describe(node, to);
        node->opens += open && to->operations;
    }
    lock_release(&lock);
    return error;
}

int ram_find(const char *path, struct node *to) {
    return find_and_open(path, to, false);
}

int ram_open(const char *path, struct node *to) {
    return find_and_open(path, to, true);
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
    return is_directory != directory ? (directory ? -ENOTDIR : -EISDIR) : node == &root ? -EBUSY : node->children ? -ENOTEMPTY : 0;
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

// A child's position is its number: the children are in no order, but those numbers are never used again.
bool ram_child(const char *directory, uint64_t *position, struct child *child) {
    int error = 0;
    lock_acquire(&lock);
    struct ram_node *node = find(directory, &error), *found = NULL;
    for (node = node ? node->children : NULL; node; node = node->next) {
        if (node->inode - FIRST_INODE >= *position && (!found || node->inode < found->inode)) {
            found = node;
        }
    }
    if (found) {
        *position = found->inode - FIRST_INODE;
        *child = (struct child) {.length = strlen(found->name), .inode = found->inode, .mode = found->mode};
        memcpy(child->name, found->name, child->length);
    }
    lock_release(&lock);
    return found != NULL;
}
