// Paths: resolving them, opening what they lead to, saying what it is, and changing what may be changed.
#include "lock.h"
#include "memory.h"
#include "node.h"

enum { AT_FDCWD = -100, AT_REMOVEDIR = 0x200, AT_EMPTY_PATH = 0x1000, O_CREAT = 0100, O_EXCL = 0200, O_TRUNC = 01000, O_DIRECTORY = 0200000,
       O_TMPFILE = 020200000, ACCESS_MODE = 3, WRITABLE = 2, RAM_BLOCK = 512 };

// An open directory; what its descriptor's file knows it by.
struct directory {
    _Alignas(8) char path[PATH_SIZE];
};

static struct lock lock = LOCK_INIT("directories");
static struct pool pool = {.size = sizeof(struct directory)};
static char current[PATH_SIZE] = "/";

static void close_directory(struct file *file) {
    lock_acquire(&lock);
    pool_free(&pool, file->node);
    lock_release(&lock);
}

static const struct file_operations directory_operations = {.close = close_directory};

static int find(const char *path, struct node *node) {
    if (ram_has(path)) {
        return ram_find(path, node);
    }
    int error = special_find(path, node);
    return error ? sealed_find(path, node) : 0;
}

// What an open file is now. Files other than directories are known by their operations.
int file_describe(struct file *file, struct node *node) {
    if (file->operations == &directory_operations) {
        return find(((struct directory *) file->node)->path, node);
    }
    *node = (struct node) {.operations = file->operations, .object = file->node, .mode = file->kind | 0600};
    return file->kind != FILE_REGULAR || sealed_describe(file, node) || ram_describe(file, node) || special_describe(file, node) ? 0 : -EIO;
}

static int check_directory(const char *path) {
    struct node node;
    int error = find(path, &node);
    return !error && node.operations ? -ENOTDIR : error;
}

// Appends the parts of a path to one that has no "." and "..". There are no links, so ".." is the part before less, if that is a directory.
static int append(char *to, const char *path) {
    size_t length = strlen(to);
    length = length == 1 ? 0 : length;  // the root: each part brings its '/'
    for (const char *at = path; *at;) {
        size_t part = 0;
        while (at[part] && at[part] != '/') {
            part++;
        }
        if ((part == 1 || part == 2) && at[0] == '.' && at[part - 1] == '.') {
            to[length ? length : 1] = 0;
            int error = check_directory(to);
            if (error) {
                return error;
            }
            while (part == 2 && length && to[--length] != '/') {
            }
        } else if (part) {
            if (length + 1 + part >= PATH_SIZE) {
                return -ENAMETOOLONG;
            }
            to[length++] = '/';
            memcpy(to + length, at, part);
            length += part;
        }
        at += part;
        at += *at == '/';
    }
    to[length ? length : 1] = 0;
    bool slash = path[0] && path[strlen(path) - 1] == '/';
    return slash && check_directory(to) == -ENOTDIR ? -ENOTDIR : 0;
}

// The whole path that the user means, relative to a directory's descriptor or the current one.
static int resolve(int fd, const char *user, char *path) {
    char given[PATH_SIZE];
    long length = copy_text_in(given, user, sizeof given);
    if (length <= 0) {
        return length ? (int) length : -ENOENT;
    }
    int error = 0;
    format(path, PATH_SIZE, "%s", "/");
    if (given[0] != '/' && fd == AT_FDCWD) {
        lock_acquire(&lock);
        format(path, PATH_SIZE, "%s", current);
        lock_release(&lock);
    } else if (given[0] != '/') {
        struct file *file = file_get(fd);
        error = !file ? -EBADF : file->operations != &directory_operations ? -ENOTDIR : 0;
        if (!error) {
            format(path, PATH_SIZE, "%s", ((struct directory *) file->node)->path);
        }
        if (file) {
            file_put(file);
        }
    }
    return error ? error : append(path, given);
}

// ---- Opening ----------------------------------------------------------------------------------------------------------------------------------

static long open_directory(const char *path, int flags) {
    lock_acquire(&lock);
    struct directory *directory = pool_allocate(&pool);
    lock_release(&lock);
    if (!directory) {
        return -ENOMEM;
    }
    format(directory->path, PATH_SIZE, "%s", path);
    struct node node = {.operations = &directory_operations, .object = directory, .mode = FILE_DIRECTORY};
    struct file *file = file_make(&node, flags);
    if (!file) {
        lock_acquire(&lock);
        pool_free(&pool, directory);
        lock_release(&lock);
        return -ENOMEM;
    }
    return file_install(file, 0);
}

static long open_found(const char *path, struct node *node, int flags) {
    bool writes = (flags & ACCESS_MODE) != 0;
    if (!node->operations) {
        return writes ? -EISDIR : open_directory(path, flags);
    }
    if (flags & O_DIRECTORY) {
        return -ENOTDIR;
    }
    if (writes && !node->operations->write) {
        return -EROFS;
    }
    int error = ram_has(path) ? ram_open(path, node) : 0;  // it may be gone, or be another one, since it was found
    if (error || !node->operations) {
        return error ? error : -EISDIR;
    }
    struct file *file = file_make(node, flags);
    if (!file) {
        if (ram_has(path)) {
            node->operations->close(&(struct file) {.node = node->object});
        }
        return -ENOMEM;
    }
    if (ram_has(path) && writes && (flags & O_TRUNC)) {
        ram_resize(node->object, 0);
    }
    return file_install(file, 0);
}

long sys_openat(int fd, const char *user, int flags, int mode) {
    char path[PATH_SIZE];
    struct node node;
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        return -EOPNOTSUPP;
    }
    int error = resolve(fd, user, path);
    if (error) {
        return error;
    }
    error = find(path, &node);
    if (error == -ENOENT && (flags & O_CREAT)) {
        if (!ram_has(path)) {
            return -EROFS;
        }
        error = ram_create(path, FILE_REGULAR | ((uint32_t) mode & 0777));
        error = error == -EEXIST && !(flags & O_EXCL) ? 0 : error;
        error = error ? error : ram_find(path, &node);
    } else if (!error && (flags & O_CREAT) && (flags & O_EXCL)) {
        return -EEXIST;
    }
    return error ? error : open_found(path, &node, flags);
}

// ---- What things are ----------------------------------------------------------------------------------------------------------------------------

static int put_stat(const struct node *node, void *user) {
    const struct {
        uint64_t device, inode, links;
        uint32_t mode, user, group, pad;
        uint64_t special;
        int64_t size, block_size, blocks;
        int64_t accessed[2], modified[2], changed[2], unused[3];
    } stat = {.device = 1, .inode = node->inode, .links = 1, .mode = node->mode, .special = node->device, .size = (int64_t) node->size,
        .block_size = PAGE_SIZE, .blocks = (int64_t) ALIGN_UP(node->size, (uint64_t) RAM_BLOCK) / RAM_BLOCK, .accessed = {node->modified},
        .modified = {node->modified}, .changed = {node->modified}};
    return copy_out(user, &stat, sizeof stat);
}

static int put_statx(const struct node *node, void *user) {
    struct time {
        int64_t seconds;
        uint32_t nanoseconds, pad;
    } time = {.seconds = node->modified};
    const struct {
        uint32_t mask, block_size;
        uint64_t attributes;
        uint32_t links, user, group;
        uint16_t mode, pad;
        uint64_t inode, size, blocks, attributes_mask;
        struct time accessed, born, changed, modified;
        uint32_t special_major, special_minor, device_major, device_minor;
        uint64_t spare[14];
    } statx = {.mask = 0x7ff, .block_size = PAGE_SIZE, .links = 1, .mode = (uint16_t) node->mode, .inode = node->inode, .size = node->size,
        .blocks = ALIGN_UP(node->size, (uint64_t) RAM_BLOCK) / RAM_BLOCK, .accessed = time, .changed = time, .modified = time,
        .special_major = (uint32_t) (node->device >> 8), .special_minor = (uint32_t) node->device & 0xff, .device_minor = 1};
    return copy_out(user, &statx, sizeof statx);
}

static int describe_fd(int fd, struct node *node) {
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    int error = file_describe(file, node);
    file_put(file);
    return error;
}

// What a path leads to, or, if it is empty and may be, a descriptor.
static int describe(int fd, const char *user, int flags, struct node *node) {
    char path[PATH_SIZE], first;
    if ((flags & AT_EMPTY_PATH) && user && !copy_in(&first, user, 1) && !first) {
        return describe_fd(fd, node);
    }
    int error = resolve(fd, user, path);
    return error ? error : find(path, node);
}

long sys_fstat(int fd, void *user) {
    struct node node;
    int error = describe_fd(fd, &node);
    return error ? error : put_stat(&node, user);
}

long sys_newfstatat(int fd, const char *path, void *user, int flags) {
    struct node node;
    int error = describe(fd, path, flags, &node);
    return error ? error : put_stat(&node, user);
}

long sys_statx(int fd, const char *path, int flags, unsigned mask, void *user) {
    (void) mask;
    struct node node;
    int error = describe(fd, path, flags, &node);
    return error ? error : put_statx(&node, user);
}

static long put_statfs(bool ram, void *user) {
    enum { TMPFS = 0x01021994, CRAMFS = 0x28cd3d45, READ_ONLY = 1 };
    uint64_t total = 0, available = 0;
    if (ram) {
        ram_space(&total, &available);
    }
    const uint64_t statfs[15] = {ram ? TMPFS : CRAMFS, PAGE_SIZE, total, available, available, 0, 0, 0, 255, PAGE_SIZE, ram ? 0 : READ_ONLY};
    return copy_out(user, statfs, sizeof statfs);
}

long sys_statfs(const char *user, void *to) {
    char path[PATH_SIZE];
    struct node node;
    int error = resolve(AT_FDCWD, user, path);
    error = error ? error : find(path, &node);
    return error ? error : put_statfs(ram_has(path), to);
}

long sys_fstatfs(int fd, void *to) {
    struct node node;
    int error = describe_fd(fd, &node);
    return error ? error : put_statfs(node.inode >> 32 == 1, to);
}

long sys_faccessat(int fd, const char *user, int mode) {
    char path[PATH_SIZE];
    struct node node;
    int error = resolve(fd, user, path);
    error = error ? error : find(path, &node);
    if (error) {
        return error;
    }
    bool read_only = !ram_has(path) && !(node.operations && node.operations->write);
    return (mode & WRITABLE) && read_only ? -EROFS : (mode & 1) && !(node.mode & 0111) ? -EACCES : 0;
}

long sys_readlinkat(int fd, const char *user, char *to, size_t size) {
    char path[PATH_SIZE];
    struct node node;
    int error = resolve(fd, user, path);
    if (error) {
        return error;
    }
    if ((long) size <= 0) {
        return -EINVAL;
    }
    if (!strcmp(path, "/proc/self/exe")) {
        size_t length = MIN(strlen(special_executable()), size);
        return copy_out(to, special_executable(), length) ? -EFAULT : (long) length;
    }
    error = find(path, &node);
    return error ? error : -EINVAL;
}

long sys_getcwd(char *to, size_t size) {
    char path[PATH_SIZE];
    lock_acquire(&lock);
    format(path, sizeof path, "%s", current);
    lock_release(&lock);
    size_t length = strlen(path) + 1;
    return length > size ? -ERANGE : copy_out(to, path, length) ? -EFAULT : (long) length;
}

long sys_chdir(const char *user) {
    char path[PATH_SIZE];
    struct node node;
    int error = resolve(AT_FDCWD, user, path);
    error = error ? error : find(path, &node);
    if (error || node.operations) {
        return error ? error : -ENOTDIR;
    }
    lock_acquire(&lock);
    format(current, sizeof current, "%s", path);
    lock_release(&lock);
    return 0;
}

// ---- Directories --------------------------------------------------------------------------------------------------------------------------------

struct entry {
    uint64_t inode, next;
    uint16_t bytes;
    uint8_t kind;
    char name[256 + 7];
} __attribute__((packed));

// The child at or behind a position: "." and ".." come first.
static bool child_at(const char *path, uint64_t *position, struct child *child) {
    if (*position < 2) {
        *child = (struct child) {.name = "..", .length = *position + 1, .inode = 1, .mode = FILE_DIRECTORY};
        return true;
    }
    uint64_t behind = *position - 2;
    bool there = ram_has(path) ? ram_child(path, &behind, child) : sealed_child(path, &behind, child);
    *position = behind + 2;
    return there;
}

static long list(struct file *file, char *to, size_t size) {
    const char *path = ((struct directory *) file->node)->path;
    size_t done = 0;
    struct child child;
    for (uint64_t position = file->offset; child_at(path, &position, &child); file->offset = ++position) {
        size_t bytes = ALIGN_UP(offsetof(struct entry, name) + child.length + 1, 8ul);
        struct entry entry = {.inode = child.inode, .next = position + 1, .bytes = (uint16_t) bytes, .kind = (uint8_t) (child.mode >> 12 & 15)};
        if (done + bytes > size) {
            return done ? (long) done : -EINVAL;
        }
        memcpy(entry.name, child.name, child.length);
        if (copy_out(to + done, &entry, bytes)) {
            return done ? (long) done : -EFAULT;
        }
        done += bytes;
    }
    return (long) done;
}

long sys_getdents64(int fd, void *to, size_t size) {
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    long result = file->operations == &directory_operations ? list(file, to, size) : -ENOTDIR;
    file_put(file);
    return result;
}

// A change is possible in RAM alone: else it fails as on a read-only file system, if there is what it is about.
static int refuse(const char *path) {
    struct node node;
    int error = find(path, &node);
    return error ? error : -EROFS;
}

long sys_unlinkat(int fd, const char *user, int flags) {
    char path[PATH_SIZE];
    int error = resolve(fd, user, path);
    return error ? error : ram_has(path) ? ram_remove(path, (flags & AT_REMOVEDIR) != 0) : refuse(path);
}

long sys_mkdirat(int fd, const char *user, int mode) {
    char path[PATH_SIZE];
    struct node node;
    int error = resolve(fd, user, path);
    if (error) {
        return error;
    }
    return ram_has(path) ? ram_create(path, FILE_DIRECTORY | ((uint32_t) mode & 0777)) : find(path, &node) ? -EROFS : -EEXIST;
}

long sys_renameat(int from_fd, const char *from_user, int to_fd, const char *to_user) {
    char from[PATH_SIZE], to[PATH_SIZE];
    int error = resolve(from_fd, from_user, from);
    error = error ? error : resolve(to_fd, to_user, to);
    return error ? error : ram_has(from) && ram_has(to) ? ram_rename(from, to) : refuse(from);
}
