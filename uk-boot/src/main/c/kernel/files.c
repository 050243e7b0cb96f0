// Open files and their descriptors.
#include "lock.h"
#include "memory.h"
#include "node.h"

enum { DESCRIPTORS = 1024, WRITE_ONLY = 1, ACCESS_MODE = 3, O_APPEND = 02000, O_NONBLOCK = 04000, SEEK_SET = 0, SEEK_CUR, SEEK_END,
       F_DUPFD = 0, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_SETLK = 6, F_SETLKW, F_DUPFD_CLOEXEC = 1030, VECTOR_LIMIT = 1024 };

static struct lock lock = LOCK_INIT("files");
static struct file *descriptors[DESCRIPTORS];
static struct pool pool = {.size = sizeof(struct file)};

struct file *file_make(const struct node *node, int flags) {
    lock_acquire(&lock);
    struct file *file = pool_allocate(&pool);
    lock_release(&lock);
    if (file) {
        *file = (struct file) {.operations = node->operations, .references = 1, .kind = (enum file_kind) (node->mode & 0170000), .flags = flags,
            .node = node->object};
    }
    return file;
}

void file_keep(struct file *file) {
    __atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
}

void file_put(struct file *file) {
    if (__atomic_sub_fetch(&file->references, 1, __ATOMIC_ACQ_REL)) {
        return;
    }
    if (file->operations->close) {
        file->operations->close(file);
    }
    lock_acquire(&lock);
    pool_free(&pool, file);
    lock_release(&lock);
}

struct file *file_get(int fd) {
    struct file *file = NULL;
    lock_acquire(&lock);
    if (fd >= 0 && fd < DESCRIPTORS && descriptors[fd]) {
        file = descriptors[fd];
        file_keep(file);
    }
    lock_release(&lock);
    return file;
}

long file_install(struct file *file, int least) {
    int fd = MAX(least, 0);
    lock_acquire(&lock);
    while (fd < DESCRIPTORS && descriptors[fd]) {
        fd++;
    }
    if (fd < DESCRIPTORS) {
        descriptors[fd] = file;
    }
    lock_release(&lock);
    if (fd < DESCRIPTORS) {
        return fd;
    }
    file_put(file);
    return -EMFILE;
}

void files_open_console(void) {
    struct node node = {.operations = &console_operations, .mode = FILE_CHARACTER};
    struct file *file = file_make(&node, 2);
    for (int fd = 0; file && fd < 3; fd++) {
        file_keep(file);
        file_install(file, fd);
    }
}

long sys_close(int fd) {
    struct file *file = NULL;
    lock_acquire(&lock);
    if (fd >= 0 && fd < DESCRIPTORS) {
        file = descriptors[fd];
        descriptors[fd] = NULL;
    }
    lock_release(&lock);
    if (!file) {
        return -EBADF;
    }
    file_put(file);
    return 0;
}

long sys_dup(int fd) {
    struct file *file = file_get(fd);
    return file ? file_install(file, 0) : -EBADF;
}

// With flags -1 as dup2(2), which may name the same descriptor twice.
long sys_dup3(int fd, int to, int flags) {
    if (to < 0 || to >= DESCRIPTORS) {
        return -EBADF;
    }
    struct file *file = file_get(fd), *old = NULL;
    if (!file) {
        return -EBADF;
    }
    if (fd == to) {
        file_put(file);
        return flags == -1 ? to : -EINVAL;
    }
    lock_acquire(&lock);
    old = descriptors[to];
    descriptors[to] = file;
    lock_release(&lock);
    if (old) {
        file_put(old);
    }
    return to;
}

// ---- Reading and writing ---------------------------------------------------------------------------------------------------------------------

static uint64_t size_of(struct file *file) {
    struct node node = {0};
    return file_describe(file, &node) ? 0 : node.size;
}

static long transfer(struct file *file, void *user, size_t bytes, uint64_t offset, bool write) {
    int access = file->flags & ACCESS_MODE;
    if (file->kind == FILE_DIRECTORY) {
        return write ? -EBADF : -EISDIR;
    }
    if (write ? access == 0 : access == WRITE_ONLY) {
        return -EBADF;
    }
    bytes = MIN(bytes, 0x7ffff000ul);
    if (write) {
        return file->operations->write ? file->operations->write(file, user, bytes, offset) : -EINVAL;
    }
    return file->operations->read ? file->operations->read(file, user, bytes, offset) : -EINVAL;
}

// At the file's own offset, which moves on.
static long transfer_on(struct file *file, void *user, size_t bytes, bool write) {
    uint64_t offset = write && (file->flags & O_APPEND) ? APPEND : __atomic_load_n(&file->offset, __ATOMIC_RELAXED);
    long done = transfer(file, user, bytes, offset, write);
    if (done > 0) {
        __atomic_store_n(&file->offset, offset == APPEND ? size_of(file) : offset + (uint64_t) done, __ATOMIC_RELAXED);
    }
    return done;
}

static long with_file(int fd, void *user, size_t bytes, bool write) {
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    long result = transfer_on(file, user, bytes, write);
    file_put(file);
    return result;
}

long sys_read(int fd, void *to, size_t bytes) {
    return with_file(fd, to, bytes, false);
}

long sys_write(int fd, const void *from, size_t bytes) {
    return with_file(fd, (void *) from, bytes, true);
}

static long at_offset(int fd, void *user, size_t bytes, uint64_t offset, bool write) {
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    long result = file->kind == FILE_PIPE ? -ESPIPE : (int64_t) offset < 0 ? -EINVAL : transfer(file, user, bytes, offset, write);
    file_put(file);
    return result;
}

long sys_pread64(int fd, void *to, size_t bytes, uint64_t offset) {
    return at_offset(fd, to, bytes, offset, false);
}

long sys_pwrite64(int fd, const void *from, size_t bytes, uint64_t offset) {
    return at_offset(fd, (void *) from, bytes, offset, true);
}

static long vectors(int fd, const void *user_vectors, int count, bool write) {
    struct file *file = file_get(fd);
    long total = 0, part = file ? 0 : -EBADF;
    if (count < 0 || count > VECTOR_LIMIT) {
        part = -EINVAL;
    }
    for (int i = 0; i < count && part >= 0; i++) {
        struct {
            void *base;
            size_t bytes;
        } vector;
        part = copy_in(&vector, (const char *) user_vectors + (size_t) i * sizeof vector, sizeof vector);
        if (!part && vector.bytes) {
            part = transfer_on(file, vector.base, vector.bytes, write);
            total += MAX(part, 0l);
            if (part < (long) vector.bytes) {
                break;
            }
        }
    }
    if (file) {
        file_put(file);
    }
    return total ? total : part;
}

long sys_readv(int fd, const void *user_vectors, int count) {
    return vectors(fd, user_vectors, count, false);
}

long sys_writev(int fd, const void *user_vectors, int count) {
    return vectors(fd, user_vectors, count, true);
}

static long seek(struct file *file, int64_t offset, int whence) {
    if (file->kind != FILE_REGULAR && file->kind != FILE_DIRECTORY) {
        return -ESPIPE;
    }
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t) file->offset : whence == SEEK_END ? (int64_t) size_of(file) : -1;
    int64_t sum;
    if (base < 0 || __builtin_add_overflow(base, offset, &sum) || sum < 0) {
        return -EINVAL;
    }
    file->offset = (uint64_t) sum;
    return sum;
}

long sys_lseek(int fd, int64_t offset, int whence) {
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    long result = seek(file, offset, whence);
    file_put(file);
    return result;
}

static long control(struct file *file, int command, long argument) {
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (argument < 0 || argument >= DESCRIPTORS) {
            return -EINVAL;
        }
        file_keep(file);
        return file_install(file, (int) argument);
    case F_GETFD:
    case F_SETFD: return 0;  // there is no exec
    case F_GETFL: return file->flags;
    case F_SETFL: file->flags = (file->flags & ~(O_APPEND | O_NONBLOCK)) | ((int) argument & (O_APPEND | O_NONBLOCK)); return 0;
    case F_SETLK:
    case F_SETLKW: return 0;  // no other process has locks
    default: return -EINVAL;
    }
}

long sys_fcntl(int fd, int command, long argument) {
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    long result = control(file, command, argument);
    file_put(file);
    return result;
}

long sys_ioctl(int fd, unsigned long command, void *argument) {
    (void) command;
    (void) argument;
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    file_put(file);
    return -ENOTTY;
}

// Regular files that can be written to are in RAM.
static bool is_writable(const struct file *file) {
    return (file->flags & ACCESS_MODE) && file->kind == FILE_REGULAR && file->operations->write;
}

long sys_ftruncate(int fd, uint64_t bytes) {
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    long result = !is_writable(file) || (int64_t) bytes < 0 ? -EINVAL : ram_resize(file->node, bytes);
    file_put(file);
    return result;
}

// Nothing here lasts longer than memory does.
long sys_fsync(int fd) {
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    file_put(file);
    return 0;
}

long sys_fallocate(int fd, int mode, uint64_t offset, uint64_t bytes) {
    struct file *file = file_get(fd);
    if (!file) {
        return -EBADF;
    }
    long result = mode ? -EOPNOTSUPP : !is_writable(file) ? -EBADF : (int64_t) offset < 0 || (int64_t) bytes <= 0 ? -EINVAL
        : ram_reserve(file->node, offset, offset + bytes);
    file_put(file);
    return result;
}
