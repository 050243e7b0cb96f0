// Pipes: what threads of a JVM wake each other by where they use file descriptors.
#include "file.h"
#include "lock.h"
#include "memory.h"
#include "node.h"
#include "thread.h"

enum { PIPE_BYTES = 4096, PIECE = PIPE_BYTES, O_NONBLOCK = 04000, O_CLOEXEC = 02000000 };

struct pipe {
    struct lock lock;
    struct wait_queue readers, writers;
    char *bytes;
    size_t start, count;
    unsigned read_ends, write_ends;
};

static struct lock pool_lock = LOCK_INIT("pipes");
static struct pool pool = {.size = sizeof(struct pipe)};

static struct pipe *make(void) {
    lock_acquire(&pool_lock);
    struct pipe *pipe = pool_allocate(&pool);
    lock_release(&pool_lock);
    if (pipe) {
        pipe->lock.name = "pipe";
        pipe->lock.listed = 1;  // it comes and goes, so the statistics do without it
    }
    return pipe;
}

static void destroy(struct pipe *pipe) {
    if (pipe->bytes) {
        pages_free(pipe->bytes, 0);
    }
    lock_acquire(&pool_lock);
    pool_free(&pool, pipe);
    lock_release(&pool_lock);
}

// Waits, with the lock held before and after. 0, -EAGAIN or -EINTR.
static long wait(struct file *file, struct pipe *pipe, struct wait_queue *queue) {
    return (file->flags & O_NONBLOCK) ? -EAGAIN : wait_queue_sleep(queue, &pipe->lock) ? 0 : -EINTR;
}

static long read_pipe(struct file *file, void *user, size_t bytes, uint64_t offset) {
    (void) offset;
    struct pipe *pipe = file->node;
    char piece[PIECE];
    long error = 0;
    lock_acquire(&pipe->lock);
    while (bytes && !error && !pipe->count && pipe->write_ends) {
        error = wait(file, pipe, &pipe->readers);
    }
    size_t part = error ? 0 : MIN(MIN(bytes, pipe->count), sizeof piece);
    for (size_t i = 0; i < part; i++) {
        piece[i] = pipe->bytes[(pipe->start + i) % PIPE_BYTES];
    }
    pipe->start = (pipe->start + part) % PIPE_BYTES;
    pipe->count -= part;
    wait_queue_wake(&pipe->writers, part ? ~0u : 0);
    lock_release(&pipe->lock);
    return error ? error : copy_out(user, piece, part) ? -EFAULT : (long) part;
}

static long write_piece(struct file *file, struct pipe *pipe, const char *piece, size_t bytes) {
    long error = 0;
    lock_acquire(&pipe->lock);
    // What is at most PIPE_BUF comes out in one: it is one piece, and waits until it fits.
    while (!error && pipe->read_ends && PIPE_BYTES - pipe->count < bytes) {
        error = wait(file, pipe, &pipe->writers);
    }
    error = error ? error : pipe->read_ends ? 0 : -EPIPE;
    for (size_t i = 0; i < bytes && !error; i++) {
        pipe->bytes[(pipe->start + pipe->count++) % PIPE_BYTES] = piece[i];
    }
    wait_queue_wake(&pipe->readers, error ? 0 : ~0u);
    lock_release(&pipe->lock);
    return error;
}

static long write_pipe(struct file *file, const void *user, size_t bytes, uint64_t offset) {
    (void) offset;
    char piece[PIECE];
    for (size_t done = 0; done < bytes;) {
        size_t part = MIN(bytes - done, sizeof piece);
        long error = copy_in(piece, (const char *) user + done, part) ? -EFAULT : write_piece(file, file->node, piece, part);
        if (error) {
            return done ? (long) done : error;
        }
        done += part;
    }
    return (long) bytes;
}

static void close_end(struct file *file, bool reading) {
    struct pipe *pipe = file->node;
    lock_acquire(&pipe->lock);
    if (reading) {
        pipe->read_ends--;
        wait_queue_wake(&pipe->writers, ~0u);
    } else {
        pipe->write_ends--;
        wait_queue_wake(&pipe->readers, ~0u);
    }
    bool last = !pipe->read_ends && !pipe->write_ends;
    lock_release(&pipe->lock);
    if (last) {
        destroy(pipe);
    }
}

static void close_read(struct file *file) {
    close_end(file, true);
}

static void close_write(struct file *file) {
    close_end(file, false);
}

static const struct file_operations read_operations = {.read = read_pipe, .close = close_read};
static const struct file_operations write_operations = {.write = write_pipe, .close = close_write};

static struct file *open_end(struct pipe *pipe, const struct file_operations *operations, int access, int flags) {
    struct node node = {.operations = operations, .object = pipe, .mode = FILE_PIPE | 0600};
    return file_make(&node, access | (flags & O_NONBLOCK));
}

long sys_pipe2(int *user, int flags) {
    if (flags & ~(O_NONBLOCK | O_CLOEXEC)) {
        return -EINVAL;
    }
    struct pipe *pipe = make();
    if (pipe) {
        pipe->bytes = pages_allocate(0);
        pipe->read_ends = pipe->write_ends = 1;
    }
    struct file *reader = pipe && pipe->bytes ? open_end(pipe, &read_operations, 0, flags) : NULL;
    struct file *writer = reader ? open_end(pipe, &write_operations, 1, flags) : NULL;
    if (!writer) {
        if (reader) {
            pipe->write_ends = 0;
            file_put(reader);  // and the pipe with it
        } else if (pipe) {
            destroy(pipe);
        }
        return -ENOMEM;
    }
    long read_fd = file_install(reader, 0), write_fd = file_install(writer, 0);
    int fds[2] = {(int) read_fd, (int) write_fd};
    long error = read_fd < 0 ? read_fd : write_fd < 0 ? write_fd : copy_out(user, fds, sizeof fds);
    if (error && read_fd >= 0) {
        sys_close((int) read_fd);
    }
    if (error && write_fd >= 0) {
        sys_close((int) write_fd);
    }
    return error;
}
