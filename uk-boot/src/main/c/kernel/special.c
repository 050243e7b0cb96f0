// Devices, and the files of /proc and /sys that glibc and HotSpot read.
#include "boot.h"
#include "cpu.h"
#include "memory.h"
#include "node.h"
#include "thread.h"

enum { TEXT_SIZE = 16 * 1024, CONSOLE_PIECE = 256 };

static char executable[PATH_SIZE];

void files_set_executable(const char *path) {
    format(executable, sizeof executable, "%s", path);
}

const char *special_executable(void) {
    return executable;
}

// ---- Devices ----------------------------------------------------------------------------------------------------------------------------------

static long nothing(struct file *file, void *user, size_t bytes, uint64_t offset) {
    (void) file, (void) user, (void) bytes, (void) offset;
    return 0;
}

static long swallow(struct file *file, const void *user, size_t bytes, uint64_t offset) {
    (void) file, (void) user, (void) offset;
    return (long) bytes;
}

static long full(struct file *file, const void *user, size_t bytes, uint64_t offset) {
    (void) file, (void) user, (void) bytes, (void) offset;
    return -ENOSPC;
}

static long write_console(struct file *file, const void *user, size_t bytes, uint64_t offset) {
    (void) file, (void) offset;
    char piece[CONSOLE_PIECE];
    for (size_t done = 0; done < bytes;) {
        size_t part = MIN(bytes - done, sizeof piece);
        if (copy_in(piece, (const char *) user + done, part)) {
            return done ? (long) done : -EFAULT;
        }
        console_write(piece, part);
        done += part;
    }
    return (long) bytes;
}

static long fill(void *user, size_t bytes, bool random) {
    char piece[CONSOLE_PIECE] = {0};
    for (size_t done = 0; done < bytes;) {
        size_t part = MIN(bytes - done, sizeof piece);
        if (random) {
            random_fill(piece, part);
        }
        if (copy_out((char *) user + done, piece, part)) {
            return done ? (long) done : -EFAULT;
        }
        done += part;
    }
    return (long) bytes;
}

static long read_zeros(struct file *file, void *user, size_t bytes, uint64_t offset) {
    (void) file, (void) offset;
    return fill(user, bytes, false);
}

static long read_random(struct file *file, void *user, size_t bytes, uint64_t offset) {
    (void) file, (void) offset;
    return fill(user, bytes, true);
}

static long write_random(struct file *file, const void *user, size_t bytes, uint64_t offset) {
    (void) file, (void) offset;
    char piece[CONSOLE_PIECE];
    size_t part = MIN(bytes, sizeof piece);
    if (copy_in(piece, user, part)) {
        return -EFAULT;
    }
    random_add(piece, part);
    return (long) part;
}

const struct file_operations console_operations = {.read = nothing, .write = write_console};
static const struct file_operations null_operations = {.read = nothing, .write = swallow};
static const struct file_operations zero_operations = {.read = read_zeros, .write = swallow};
static const struct file_operations full_operations = {.read = read_zeros, .write = full};
static const struct file_operations random_operations = {.read = read_random, .write = write_random};

// ---- Texts ------------------------------------------------------------------------------------------------------------------------------------

struct text {
    char *to;
    size_t size, length;
};

static void put(struct text *text, const char *pattern, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *text, const char *pattern, ...) {
    va_list args;
    va_start(args, pattern);
    text->length += (size_t) format_args(text->to + text->length, text->size - text->length, pattern, args);
    text->length = MIN(text->length, text->size - 1);
    va_end(args);
}

static void text_command_line(struct text *t) {
    put(t, "%s\n", machine.command_line);
}

// The image keeps the arguments line by line.
static void text_arguments(struct text *t) {
    struct file *file = file_open_kernel("/uk/arguments");
    if (!file) {
        return;
    }
    t->length = (size_t) file_read_kernel(file, t->to, MIN(file_size(file), t->size - 1), 0);
    file_put(file);
    t->to[t->length] = 0;
    t->length += t->length && t->to[t->length - 1] != '\n';
    for (size_t i = 0; i < t->length; i++) {
        t->to[i] = t->to[i] == '\n' ? 0 : t->to[i];
    }
}

static void text_memory(struct text *t) {
    uint64_t kib = PAGE_SIZE / 1024, total = pages_total() * kib, available = pages_available() * kib;
    put(t, "MemTotal: %lu kB\nMemFree: %lu kB\nMemAvailable: %lu kB\nBuffers: 0 kB\nCached: 0 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"
        "Hugepagesize: 2048 kB\n", total, available, available);
}

static void text_processors(struct text *t) {
    for (unsigned i = 0; i < machine.cpus; i++) {
        put(t, "processor\t: %u\nphysical id\t: 0\nsiblings\t: %u\ncore id\t: %u\ncpu cores\t: %u\n\n", i, machine.cpus, i, machine.cpus);
    }
}

static void text_online(struct text *t) {
    if (machine.cpus == 1) {
        put(t, "0\n");
    } else {
        put(t, "0-%u\n", machine.cpus - 1);
    }
}

static uint64_t ticks(uint64_t ns) {
    return ns / 10000000;  // of a hundredth of a second
}

static uint64_t used(void) {
    lock_acquire(&threads_lock);
    uint64_t ns = threads_time();
    lock_release(&threads_lock);
    return ns;
}

static void text_system(struct text *t) {
    uint64_t busy = used(), all = clock_now() * machine.cpus;
    put(t, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\n", ticks(busy), ticks(all > busy ? all - busy : 0));
    put(t, "btime %lu\nprocesses 1\n", (clock_wall() - clock_now()) / 1000000000);
}

static void text_self(struct text *t) {
    uint64_t pages = pages_total() - pages_available();
    put(t, "1 (%s) R 0 1 1 0 -1 0 0 0 0 0 %lu 0 0 0 20 0 %u 0 0 %lu %lu 18446744073709551615 0 0 %lu 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", "java",
        ticks(used()), threads_count(), pages * PAGE_SIZE, pages, USER_END - 256);
}

static void text_status(struct text *t) {
    uint64_t kib = (pages_total() - pages_available()) * PAGE_SIZE / 1024;
    put(t, "Name:\tjava\nPid:\t1\nVmPeak:\t%lu kB\nVmSize:\t%lu kB\nVmHWM:\t%lu kB\nVmRSS:\t%lu kB\nVmSwap:\t0 kB\nThreads:\t%u\n", kib, kib, kib, kib,
        threads_count());
}

static void text_version(struct text *t) {
    put(t, "uk4j boot layer\n");
}

static void text_load(struct text *t) {
    put(t, "0.00 0.00 0.00 1/%u 1\n", threads_count());
}

static void text_threads(struct text *t) {
    put(t, "%u\n", THREAD_LIMIT);
}

static void text_maps_limit(struct text *t) {
    put(t, "1048576\n");
}

static void text_one(struct text *t) {
    put(t, "1\n");
}

static void text_huge(struct text *t) {
    put(t, "always [madvise] never\n");
}

static void text_huge_size(struct text *t) {
    put(t, "%lu\n", HUGE_SIZE);
}

static void text_mounts(struct text *t) {
    put(t, "image / cramfs ro 0 0\nram /tmp tmpfs rw 0 0\n");
}

// A text is made anew for each read, which takes its part of it.
static long read_text(struct file *file, void *user, size_t bytes, uint64_t offset) {
    enum { ORDER = 2 };
    char *page = pages_allocate(ORDER);
    if (!page) {
        return -ENOMEM;
    }
    struct text text = {.to = page, .size = TEXT_SIZE};
    ((void (*)(struct text *)) file->node)(&text);
    size_t part = offset < text.length ? MIN(bytes, text.length - offset) : 0;
    long result = copy_out(user, page + offset, part) ? -EFAULT : (long) part;
    pages_free(page, ORDER);
    return result;
}

static long read_maps(struct file *file, void *user, size_t bytes, uint64_t offset) {
    (void) file;
    char piece[1024];
    size_t part = areas_print(piece, MIN(bytes, sizeof piece), offset);
    return copy_out(user, piece, part) ? -EFAULT : (long) part;
}

static const struct file_operations text_operations = {.read = read_text};
static const struct file_operations maps_operations = {.read = read_maps};

static const struct {
    const char *path;
    const struct file_operations *operations;
    void (*text)(struct text *);
    unsigned device;
} specials[] = {
    {"/dev/console", &console_operations, NULL, 0x501}, {"/dev/full", &full_operations, NULL, 0x107}, {"/dev/null", &null_operations, NULL, 0x103},
    {"/dev/random", &random_operations, NULL, 0x108}, {"/dev/urandom", &random_operations, NULL, 0x109}, {"/dev/zero", &zero_operations, NULL, 0x105},
    {"/proc/cmdline", &text_operations, text_command_line, 0}, {"/proc/cpuinfo", &text_operations, text_processors, 0},
    {"/proc/loadavg", &text_operations, text_load, 0}, {"/proc/meminfo", &text_operations, text_memory, 0},
    {"/proc/mounts", &text_operations, text_mounts, 0}, {"/proc/self/cmdline", &text_operations, text_arguments, 0},
    {"/proc/self/maps", &maps_operations, NULL, 0},
    {"/proc/self/mounts", &text_operations, text_mounts, 0}, {"/proc/self/stat", &text_operations, text_self, 0},
    {"/proc/self/status", &text_operations, text_status, 0}, {"/proc/stat", &text_operations, text_system, 0},
    {"/proc/sys/kernel/pid_max", &text_operations, text_threads, 0}, {"/proc/sys/kernel/threads-max", &text_operations, text_threads, 0},
    {"/proc/sys/vm/max_map_count", &text_operations, text_maps_limit, 0}, {"/proc/sys/vm/overcommit_memory", &text_operations, text_one, 0},
    {"/proc/version", &text_operations, text_version, 0}, {"/sys/devices/system/cpu/online", &text_operations, text_online, 0},
    {"/sys/devices/system/cpu/possible", &text_operations, text_online, 0},
    {"/sys/kernel/mm/transparent_hugepage/enabled", &text_operations, text_huge, 0},
    {"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", &text_operations, text_huge_size, 0},
};

bool special_describe(struct file *file, struct node *node) {
    (void) node;  // what its kind says is all there is to say; their size is 0
    return file->operations == &text_operations || file->operations == &maps_operations;
}

int special_find(const char *path, struct node *node) {
    for (unsigned i = 0; i < COUNT_OF(specials); i++) {
        if (!strcmp(path, specials[i].path)) {
            bool text = specials[i].device == 0;
            *node = (struct node) {.operations = specials[i].operations, .object = (void *) specials[i].text, .device = specials[i].device,
                .mode = (text ? FILE_REGULAR | 0444 : FILE_CHARACTER | 0666), .inode = (2ul << 32) + i};
            return 0;
        }
    }
    return -ENOENT;
}
