// Files in RAM: the same calls, chosen at random, are made here and to a tmpfs of the host's own kernel, and must give the same; and the bounds,
// which that does not have, and threads.
#include "build_tree.h"
#include "file.h"
#include "host.h"
#include "memory.h"
#include "node.h"

enum { AT_FDCWD = -100, AT_REMOVEDIR = 0x200, O_CREAT = 0100, O_EXCL = 0200, O_TRUNC = 01000, O_APPEND = 02000, O_DIRECTORY = 0200000 };
enum { SYS_close = 3, SYS_lseek = 8, SYS_pread64 = 17, SYS_pwrite64 = 18, SYS_write = 1, SYS_ftruncate = 77, SYS_umask = 95, SYS_getpid = 39, SYS_getdents64 = 217,
       SYS_openat = 257, SYS_mkdirat = 258, SYS_newfstatat = 262, SYS_unlinkat = 263, SYS_renameat = 264, SYS_fstat = 5, SYS_fallocate = 285 };

static char host_directory[64];

static void begin(void) {
    static const struct made entries[] = {{"/", 040755, 1, NULL, 0}, {"/tmp", 040777, 1, NULL, 0}};
    uint64_t bytes;
    static char *image;
    free(image);
    image = build_tree(entries, 2, &bytes);
    files_start(image, bytes);
}

static long open_at(const char *path, int flags) {
    return sys_openat(AT_FDCWD, path, flags, 0666);
}

// ---- Against a model -------------------------------------------------------------------------------------------------------------------------------

enum { FILES = 6, SPAN = 30000 };

static struct pair {
    long ours, theirs;  // descriptors
} open_files[FILES];

static const char *pick(void) {
    static const char *const names[] = {"/a", "/b", "/c", "/d", "/d/a", "/d/b", "/d/e", "/d/e/a", "/f", "/f/a", "/f/g", "/f/g/a", "/d/../a", "/f/./a", "/a/..", "/f/", "/a/", ""};
    return names[host_random() % COUNT_OF(names)];
}

static void on_host(char *to, const char *name) {
    format(to, 128, "%s%s", host_directory, name);
}

static void here(char *to, const char *name) {
    format(to, 128, "/tmp%s", name);
}

static void step_close(struct pair *file) {
    if (file->ours >= 0) {
        CHECK_IS(sys_close((int) file->ours), host_call(SYS_close, file->theirs, 0, 0, 0, 0));
        file->ours = file->theirs = -1;
    }
}

static void step_open(unsigned i, const char *name) {
    static const int flags[] = {0, 1, 2, O_CREAT | 2, O_CREAT | 1, O_CREAT | O_EXCL | 2, O_CREAT | O_TRUNC | 2, O_TRUNC | 1, O_APPEND | O_CREAT | 1, O_DIRECTORY};
    char ours[128], theirs[128];
    int flag = flags[host_random() % COUNT_OF(flags)];
    here(ours, name), on_host(theirs, name);
    size_t length = strlen(name);
    if (open_files[i].ours >= 0 || (length && name[length - 1] == '/' && (flag & O_CREAT))) {
        return;  // creating by a name with '/' at its end is EISDIR on Linux, and makes a file here
    }
    open_files[i] = (struct pair) {open_at(ours, flag), host_call(SYS_openat, AT_FDCWD, (long) theirs, flag, 0666, 0)};
    if (open_files[i].theirs < 0 || open_files[i].ours < 0) {
        CHECK_IS(open_files[i].ours, open_files[i].theirs);
    } else if (sys_read((int) open_files[i].ours, NULL, 0) == -EISDIR) {
        step_close(&open_files[i]);  // here, a descriptor of a directory does not follow it when it gets another name
    }
}

static void step_write(struct pair *file) {
    static char bytes[10000];
    uint64_t offset = host_random() % SPAN, count = host_random() % sizeof bytes;
    memset(bytes, (int) host_random(), count);
    if (host_random() % 2) {
        CHECK_IS(sys_write((int) file->ours, bytes, count), host_call(SYS_write, file->theirs, (long) bytes, (long) count, 0, 0));
        long end = host_call(SYS_lseek, file->theirs, 0, 1, 0, 0);
        if (file->theirs >= 0) {
            CHECK_IS(sys_lseek((int) file->ours, 0, 1), end);
        }
    } else if (file->ours < 0 || !(sys_fcntl((int) file->ours, 3, 0) & O_APPEND)) {  // Linux appends by pwrite, against POSIX
        CHECK_IS(sys_pwrite64((int) file->ours, bytes, count, offset), host_call(SYS_pwrite64, file->theirs, (long) bytes, (long) count, (long) offset, 0));
    }
}

static void step_read(struct pair *file) {
    static char ours[SPAN], theirs[SPAN];
    uint64_t offset = host_random() % SPAN, count = host_random() % SPAN;
    long got = sys_pread64((int) file->ours, ours, count, offset);
    CHECK_IS(got, host_call(SYS_pread64, file->theirs, (long) theirs, (long) count, (long) offset, 0));
    CHECK(got <= 0 || !memcmp(ours, theirs, (size_t) got));
}

static void step_resize(struct pair *file) {
    uint64_t size = host_random() % SPAN;
    if (file->ours >= 0 && host_random() % 4 == 0) {
        CHECK_IS(sys_fallocate((int) file->ours, 0, size, 5000), host_call(SYS_fallocate, file->theirs, 0, (long) size, 5000, 0));
    } else {
        CHECK_IS(sys_ftruncate((int) file->ours, size), host_call(SYS_ftruncate, file->theirs, (long) size, 0, 0, 0));
    }
}

static void step_stat(const char *ours_path, const char *theirs_path, struct pair *file) {
    struct {
        uint64_t device, inode, links;
        uint32_t mode, more[5];
        uint64_t size, rest[11];
    } ours = {0}, theirs = {0};
    long got = file ? sys_fstat((int) file->ours, &ours) : sys_newfstatat(AT_FDCWD, ours_path, &ours, 0);
    CHECK_IS(got, file ? host_call(SYS_fstat, file->theirs, (long) &theirs, 0, 0, 0) : host_call(SYS_newfstatat, AT_FDCWD, (long) theirs_path, (long) &theirs, 0, 0));
    bool directory = (ours.mode & FILE_DIRECTORY) != 0;
    CHECK(got || (ours.mode | 01000) == (theirs.mode | 01000));
    CHECK(got || directory || ours.size == theirs.size);
}

// A sum over names and kinds, which does not depend on their order.
static long names_in(long fd, bool theirs) {
    char buffer[300];
    long sum = 0;
    for (long bytes; (bytes = theirs ? host_call(SYS_getdents64, fd, (long) buffer, sizeof buffer, 0, 0) : sys_getdents64((int) fd, buffer, sizeof buffer)) > 0;) {
        for (long i = 0; i < bytes; i += *(uint16_t *) (buffer + i + 16)) {
            uint32_t hash = (uint8_t) buffer[i + 18];
            for (const char *c = buffer + i + 19; *c; c++) {
                hash = hash * 31 + (uint8_t) *c;
            }
            sum += hash;
        }
    }
    return sum;
}

static void step_list(const char *ours_path, const char *theirs_path) {
    long ours = open_at(ours_path, O_DIRECTORY), theirs = host_call(SYS_openat, AT_FDCWD, (long) theirs_path, O_DIRECTORY, 0, 0);
    if (ours < 0 || theirs < 0) {
        CHECK_IS(ours, theirs);
        return;
    }
    CHECK_IS(names_in(ours, false), names_in(theirs, true));
    sys_close((int) ours);
    host_call(SYS_close, theirs, 0, 0, 0, 0);
}

// Of two paths that are both wrong, each says what it sees first.
static void step_rename(const char *ours, const char *theirs, const char *ours_to, const char *theirs_to) {
    long here_done = sys_renameat(AT_FDCWD, ours, AT_FDCWD, ours_to), there_done = host_call(SYS_renameat, AT_FDCWD, (long) theirs, AT_FDCWD, (long) theirs_to, 0);
    CHECK_IS(here_done != 0, there_done != 0);
}

static void step_names(void) {
    char ours[128], theirs[128], ours_to[128], theirs_to[128];
    const char *name = pick(), *to = pick();
    here(ours, name), on_host(theirs, name), here(ours_to, to), on_host(theirs_to, to);
    size_t length = strlen(name), to_length = strlen(to);
    // What changes a name has rules of its own on Linux for names that end in '/' or "..".
    bool slash = !length || name[length - 1] <= '/', to_slash = !to_length || to[to_length - 1] <= '/';
    switch (host_random() % 6) {
    case 0: if (!slash) CHECK_IS(sys_mkdirat(AT_FDCWD, ours, 0777), host_call(SYS_mkdirat, AT_FDCWD, (long) theirs, 0777, 0, 0)); break;
    case 1: if (!slash) CHECK_IS(sys_unlinkat(AT_FDCWD, ours, 0), host_call(SYS_unlinkat, AT_FDCWD, (long) theirs, 0, 0, 0)); break;
    case 2: if (!slash) CHECK_IS(sys_unlinkat(AT_FDCWD, ours, AT_REMOVEDIR), host_call(SYS_unlinkat, AT_FDCWD, (long) theirs, AT_REMOVEDIR, 0, 0)); break;
    case 3: if (!slash && !to_slash) step_rename(ours, theirs, ours_to, theirs_to); break;
    case 4: step_stat(ours, theirs, NULL); break;
    default: step_list(ours, theirs);
    }
}

// Empties a directory.
static void remove_in(const char *directory, bool theirs) {
    char buffer[4096], path[512];
    long fd = theirs ? host_call(SYS_openat, AT_FDCWD, (long) directory, O_DIRECTORY, 0, 0) : open_at(directory, O_DIRECTORY);
    long bytes;
    while ((bytes = theirs ? host_call(SYS_getdents64, fd, (long) buffer, sizeof buffer, 0, 0) : sys_getdents64((int) fd, buffer, sizeof buffer)) > 0) {
        for (long i = 0; i < bytes; i += *(uint16_t *) (buffer + i + 16)) {
            if (buffer[i + 19] != '.') {
                int flags = buffer[i + 18] == 4 ? AT_REMOVEDIR : 0;
                format(path, sizeof path, "%s/%s", directory, buffer + i + 19);
                if (flags) {
                    remove_in(path, theirs);
                }
                CHECK_IS(theirs ? host_call(SYS_unlinkat, AT_FDCWD, (long) path, flags, 0, 0) : sys_unlinkat(AT_FDCWD, path, flags), 0);
            }
        }
    }
    CHECK_IS(theirs ? host_call(SYS_close, fd, 0, 0, 0, 0) : sys_close((int) fd), 0);
}

static void does_what_a_tmpfs_of_linux_does(void) {
    begin();
    long objects = host_objects_used(), pages = host_pages_used();
    host_call(SYS_umask, 0, 0, 0, 0, 0);
    format(host_directory, sizeof host_directory, "/dev/shm/uk-ram-test-%lu", host_call(SYS_getpid, 0, 0, 0, 0, 0));
    CHECK_IS(host_call(SYS_mkdirat, AT_FDCWD, (long) host_directory, 0777, 0, 0), 0);
    for (unsigned i = 0; i < FILES; i++) {
        open_files[i].ours = open_files[i].theirs = -1;
    }
    for (unsigned step = 0; step < 60000; step++) {
        unsigned i = host_random() % FILES;
        struct pair *file = &open_files[i];
        switch (host_random() % 10) {
        case 0: step_open(i, pick()); break;
        case 1: step_close(file); break;
        case 2: case 3: step_write(file); break;
        case 4: case 5: step_read(file); break;
        case 6: step_resize(file); break;
        case 7: step_stat(NULL, NULL, file); break;
        default: step_names();
        }
    }
    for (unsigned i = 0; i < FILES; i++) {
        step_close(&open_files[i]);
    }
    remove_in("/tmp", false);
    remove_in(host_directory, true);
    CHECK_IS(host_call(SYS_unlinkat, AT_FDCWD, (long) host_directory, AT_REMOVEDIR, 0, 0), 0);
    CHECK_IS(host_objects_used(), objects);  // all that was taken came back
    CHECK_IS(host_pages_used(), pages);
}

// ---- Bounds ----------------------------------------------------------------------------------------------------------------------------------------

static void memory_ends_at_an_eighth(void) {
    begin();
    long pages = host_pages_used(), limit = (long) host_pages_total / 8;
    int fd = (int) open_at("/tmp/full", O_CREAT | 2);
    char bytes[PAGE_SIZE];
    memset(bytes, 1, sizeof bytes);
    long written = 0, part;
    while ((part = sys_write(fd, bytes, sizeof bytes)) > 0) {
        written += part;
    }
    CHECK_IS(part, -ENOSPC);
    CHECK_IS(host_pages_used() - pages, limit);
    CHECK(written > (limit - 6) * (long) PAGE_SIZE && written < limit * (long) PAGE_SIZE);  // tables count, too
    int second = (int) open_at("/tmp/second", O_CREAT | 2);
    CHECK_IS(sys_write(second, bytes, 1), -ENOSPC);
    CHECK_IS(sys_fallocate(second, 0, 0, 10), -ENOSPC);
    CHECK_IS(sys_lseek(second, 0, 2), 0);
    struct file *file = file_get(second);
    CHECK_IS(sys_ftruncate(second, 10), 0);
    CHECK(!file->operations->page(file, 0));
    file_put(file);
    CHECK_IS(sys_pread64(second, bytes, 10, 0), 10);  // a hole needs no memory
    CHECK(!bytes[0] && !bytes[9]);
    uint64_t s[15];
    CHECK_IS(sys_statfs("/tmp", s), 0);
    CHECK(s[2] == (uint64_t) limit && s[3] == 0);
    CHECK_IS(sys_ftruncate(fd, 5), 0);
    CHECK_IS(sys_write(second, bytes, 1), 1);
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/tmp/full", 0), 0);
    CHECK_IS(sys_pread64(fd, bytes, 10, 0), 5);  // as long as it is open
    sys_close(fd);
    sys_close(second);
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/tmp/second", 0), 0);
    CHECK_IS(host_pages_used(), pages);
}

static void holes_cost_tables_that_are_counted(void) {
    host_pages_total = 16384;
    begin();
    long pages = host_pages_used();
    int fd = (int) open_at("/tmp/holes", O_CREAT | 2);
    for (uint64_t i = 0; i < 512; i++) {
        CHECK_IS(sys_pwrite64(fd, "x", 1, i << 21), 1);
    }
    CHECK_IS(sys_pwrite64(fd, "x", 1, 1ul << 30), -EFBIG);
    CHECK_IS(sys_pwrite64(fd, "xy", 2, (1ul << 30) - 1), 1);
    CHECK_IS(sys_ftruncate(fd, 1l << 30), 0);
    CHECK_IS(sys_ftruncate(fd, (1l << 30) + 1), -EFBIG);
    CHECK_IS(sys_fallocate(fd, 0, 1l << 30, 1), -EFBIG);
    CHECK_IS(sys_fallocate(fd, 0, INT64_MAX, INT64_MAX), -EFBIG);
    CHECK_IS(sys_fallocate(fd, 0, 0, 0), -EINVAL);
    CHECK_IS(sys_fallocate(fd, 1, 0, 1), -EOPNOTSUPP);
    CHECK_IS(host_pages_used() - pages, 1 + 512 + 512 + 1);
    CHECK_IS(sys_ftruncate(fd, 0), 0);
    CHECK_IS(host_pages_used() - pages, 1 + 512);
    CHECK_IS(sys_close(fd), 0);
    fd = (int) open_at("/tmp/holes2", O_CREAT | 2);
    CHECK_IS(sys_pwrite64(fd, "x", 1, 1 << 21), 1);  // the first table is not there
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/tmp/holes2", 0), 0);
    sys_close(fd);
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/tmp/holes", 0), 0);
    CHECK_IS(host_pages_used(), pages);
}

static void there_are_4096_names_of_at_most_255_bytes(void) {
    begin();
    long objects = host_objects_used();
    char path[300];
    unsigned count = 0;
    for (long error = 0; !error; count += !error) {
        format(path, sizeof path, "/tmp/n%u", count);
        error = sys_mkdirat(AT_FDCWD, path, 0777);
        CHECK(!error || error == -ENOSPC);
    }
    CHECK_IS(count, 4096);
    CHECK_IS(open_at("/tmp/other", O_CREAT | 2), -ENOSPC);
    for (unsigned i = 0; i < count; i++) {
        format(path, sizeof path, "/tmp/n%u", i);
        CHECK_IS(sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR), 0);
    }
    memset(path, 'x', sizeof path);
    memcpy(path, "/tmp/", 5);
    path[5 + 256] = 0;
    CHECK_IS(open_at(path, O_CREAT | 2), -ENAMETOOLONG);
    path[5 + 255] = 0;
    int fd = (int) open_at(path, O_CREAT | 2);
    long directory = open_at("/tmp", 0);
    char buffer[400];
    CHECK_IS(sys_getdents64((int) directory, buffer, sizeof buffer), 24 + 24 + 280);
    CHECK_IS(strlen(buffer + 48 + 19), 255);
    sys_close(fd);
    sys_close((int) directory);
    CHECK_IS(sys_renameat(AT_FDCWD, path, AT_FDCWD, "/tmp/short"), 0);
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/tmp/short", 0), 0);
    CHECK_IS(host_objects_used(), objects);
}

// As a program does that deletes what it reads out of a directory.
static void a_listing_is_not_disturbed_by_what_is_removed(void) {
    begin();
    char path[64], buffer[200];
    enum { COUNT = 100 };
    for (unsigned i = 0; i < COUNT; i++) {
        format(path, sizeof path, "/tmp/n%u", i);
        CHECK_IS(sys_mkdirat(AT_FDCWD, path, 0777), 0);
    }
    int fd = (int) open_at("/tmp", O_DIRECTORY);
    unsigned removed = 0;
    for (long bytes; (bytes = sys_getdents64(fd, buffer, sizeof buffer)) > 0;) {
        for (long i = 0; i < bytes; i += *(uint16_t *) (buffer + i + 16)) {
            format(path, sizeof path, "/tmp/%s", buffer + i + 19);
            removed += buffer[i + 19] != '.' && !sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
        }
    }
    CHECK_IS(removed, COUNT);
    sys_close(fd);
}

static void mapped_pages_stay_until_the_file_is_closed(void) {
    begin();
    long pages = host_pages_used();
    int fd = (int) open_at("/tmp/mapped", O_CREAT | 2);
    CHECK_IS(sys_write(fd, "hello", 5), 5);
    struct file *file = file_get(fd);
    char *page = direct(file->operations->page(file, 3)), c[6];
    CHECK(!memcmp(page, "hello\0", 6) && !((uint64_t) page % PAGE_SIZE));
    page[0] = 'j';  // a store to a shared mapping
    CHECK_IS(sys_pread64(fd, c, 5, 0), 5);
    CHECK(!memcmp(c, "jello", 5));
    CHECK(!file->operations->page(file, 5));
    CHECK_IS(sys_ftruncate(fd, 0), 0);
    CHECK_IS(sys_close(fd), 0);
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/tmp/mapped", 0), 0);
    CHECK(!page[0]);  // cleared, and still there
    page[1] = 'x';
    file_put(file);
    CHECK_IS(host_pages_used(), pages);
}

static void a_fault_in_the_middle_of_a_write_keeps_what_came_before(void) {
    begin();
    static char bytes[6000];
    int fd = (int) open_at("/tmp/fault", O_CREAT | O_APPEND | 2);
    memset(bytes, 7, sizeof bytes);
    host_bad_from = bytes + 3000;
    host_bad_to = bytes + 3001;
    CHECK_IS(sys_write(fd, bytes, sizeof bytes), 2048);
    CHECK_IS(sys_lseek(fd, 0, 2), 2048);
    CHECK_IS(sys_write(fd, bytes + 3000, 10), -EFAULT);
    CHECK_IS(sys_lseek(fd, 0, 2), 2048);
    host_bad_to = NULL;
    CHECK_IS(sys_write(fd, bytes, 10), 10);
    CHECK_IS(sys_lseek(fd, 0, 1), 2058);
    sys_close(fd);
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/tmp/fault", 0), 0);
}

// ---- Threads ---------------------------------------------------------------------------------------------------------------------------------------

enum { THREADS = 4, LINES = 1500, LINE = 100 };

static void append_lines(void *argument) {
    char line[LINE];
    memset(line, (int) (long) argument, sizeof line);
    int fd = (int) open_at("/tmp/log", O_CREAT | O_APPEND | 1);
    for (unsigned i = 0; i < LINES; i++) {
        CHECK_IS(sys_write(fd, line, sizeof line), LINE);
    }
    sys_close(fd);
}

static void lines_that_threads_append_are_all_there(void) {
    begin();
    for (long i = 0; i < THREADS; i++) {
        host_thread(append_lines, (void *) ('a' + i));
    }
    host_join();
    int fd = (int) open_at("/tmp/log", 0);
    unsigned counts[THREADS] = {0};
    char line[LINE];
    while (sys_read(fd, line, sizeof line) == LINE) {
        for (unsigned i = 1; i < LINE; i++) {
            CHECK(line[i] == line[0]);
        }
        counts[line[0] - 'a']++;
    }
    CHECK(counts[0] == LINES && counts[1] == LINES && counts[2] == LINES && counts[3] == LINES);
    sys_close(fd);
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/tmp/log", 0), 0);
}

// Opens, writes, renames and removes the same few names: the sanitizer sees the use of what is gone.
static void churn(void *argument) {
    uint32_t random = (uint32_t) (long) argument * 2654435761u + 1;
    static const char *const names[] = {"/tmp/x", "/tmp/y", "/tmp/z/x", "/tmp/z"};
    for (unsigned i = 0; i < 4000; i++) {
        random = random * 1664525 + 1013904223;
        const char *name = names[random >> 28 & 3], *other = names[random >> 26 & 3];
        char bytes[64], list[200];
        long fd;
        switch (random >> 23 & 7) {
        case 0: sys_unlinkat(AT_FDCWD, name, 0); break;
        case 1: sys_renameat(AT_FDCWD, name, AT_FDCWD, other); break;
        case 2: sys_mkdirat(AT_FDCWD, "/tmp/z", 0777); break;
        case 3: sys_unlinkat(AT_FDCWD, "/tmp/z", AT_REMOVEDIR); break;
        case 4:
            fd = open_at("/tmp", 0);
            while (sys_getdents64((int) fd, list, sizeof list) > 0);
            sys_close((int) fd);
            break;
        default:
            fd = open_at(name, O_CREAT | O_TRUNC | 2);
            if (fd >= 0) {
                sys_write((int) fd, bytes, memset(bytes, 3, sizeof bytes) ? sizeof bytes : 0);
                sys_pread64((int) fd, bytes, sizeof bytes, 0);
                sys_close((int) fd);
            }
        }
    }
}

static void threads_may_do_anything_at_once(void) {
    begin();
    long pages = host_pages_used(), objects = host_objects_used();
    for (long i = 0; i < THREADS; i++) {
        host_thread(churn, (void *) i);
    }
    host_join();
    remove_in("/tmp", false);
    CHECK_IS(host_pages_used(), pages);
    CHECK_IS(host_objects_used(), objects);
}

enum { NAMES = 2000 };
static long won, arrived[NAMES];

static void create_exclusively(void *unused) {
    (void) unused;
    for (unsigned i = 0; i < NAMES; i++) {
        char path[32];
        format(path, sizeof path, "/tmp/lock%u", i);
        __atomic_fetch_add(&arrived[i], 1, __ATOMIC_ACQ_REL);
        for (unsigned spin = 0; spin < 100000 && __atomic_load_n(&arrived[i], __ATOMIC_ACQUIRE) < 2; spin++);
        long fd = open_at(path, O_CREAT | O_EXCL | 2);
        CHECK(fd >= 0 || fd == -EEXIST);
        __atomic_fetch_add(&won, fd >= 0, __ATOMIC_RELAXED);
        sys_close((int) fd);
    }
}

static void one_thread_alone_creates_exclusively(void) {
    begin();
    host_thread(create_exclusively, NULL);
    host_thread(create_exclusively, NULL);
    host_join();
    CHECK_IS(won, NAMES);
    remove_in("/tmp", false);
}

int main(int count, char **arguments) {
    uint32_t seed = 20261127;
    for (const char *c = count > 1 ? arguments[1] : ""; *c; c++) {
        seed = seed * 31 + (uint8_t) *c;
    }
    host_seed(seed);
    RUN(does_what_a_tmpfs_of_linux_does);
    RUN(memory_ends_at_an_eighth);
    RUN(holes_cost_tables_that_are_counted);
    RUN(there_are_4096_names_of_at_most_255_bytes);
    RUN(a_listing_is_not_disturbed_by_what_is_removed);
    RUN(mapped_pages_stay_until_the_file_is_closed);
    RUN(a_fault_in_the_middle_of_a_write_keeps_what_came_before);
    RUN(lines_that_threads_append_are_all_there);
    RUN(threads_may_do_anything_at_once);
    RUN(one_thread_alone_creates_exclusively);
    return host_report();
}
