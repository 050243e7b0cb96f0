// Files by the system calls: paths, the sealed tree, what things are said to be, descriptors, and damage.
#include "build_tree.h"
#include "crc.h"
#include "file.h"
#include "host.h"
#include "memory.h"
#include "node.h"

enum { AT_FDCWD = -100, AT_EMPTY_PATH = 0x1000, O_CREAT = 0100, O_DIRECTORY = 0200000, SYS_lseek = 8 };

static char big[70 * PAGE_SIZE + 100], *image;
static uint64_t image_bytes;
static const struct made entries[] = {
    {"/", 040755, 10, NULL, 0}, {"/app", 040755, 11, NULL, 0}, {"/app/big", 0100644, 12, big, sizeof big}, {"/app/lib", 040755, 13, NULL, 0},
    {"/app/lib-x", 0100755, 1234567890, "xyz", 3}, {"/app/lib/one", 0100600, 15, "1", 1}, {"/app/lib/two", 0100444, -16, "22", 2},
    {"/app0", 0100644, 17, NULL, 0}, {"/tmp", 041777 & 040777, 18, NULL, 0}};

static void start(void *unused) {
    (void) unused;
    files_start(image, image_bytes);
}

static void begin(void) {
    for (unsigned i = 0; i < sizeof big; i++) {
        big[i] = (char) (i * 7 + i / 256);
    }
    free(image);
    image = build_tree(entries, COUNT_OF(entries), &image_bytes);
    start(NULL);
}

static long open_at(int fd, const char *path, int flags) {
    return sys_openat(fd, path, flags, 0666);
}

static int open_file(const char *path) {
    long fd = open_at(AT_FDCWD, path, 0);
    CHECK(fd >= 0);
    return (int) fd;
}

// ---- The sealed tree ------------------------------------------------------------------------------------------------------------------------------

static void paths_are_resolved_from_the_root_the_current_directory_and_directories(void) {
    static const struct {
        const char *path;
        long size;  // or an error
    } cases[] = {{"/app/lib/two", 2}, {"//app///lib/./two", 2}, {"/app/lib/../lib-x", 3}, {"/../../app/big", sizeof big}, {"/app/lib/../../app/./lib/one", 1}, {"/app/none/../lib/one", -ENOENT}, {"/app/big/../lib/one", -ENOTDIR}, {"/app/big/", -ENOTDIR},
        {"/app/big/.", -ENOTDIR},
        {"app/lib/one", 1}, {"./app/../app/lib/one", 1}, {"/app/none", -ENOENT}, {"/none/x", -ENOENT}, {"/app/big/x", -ENOTDIR}, {"/app/big/x/y", -ENOTDIR},
        {"", -ENOENT}, {"/app/li", -ENOENT}, {"/ap", -ENOENT}};
    for (unsigned i = 0; i < COUNT_OF(cases); i++) {
        long fd = open_at(AT_FDCWD, cases[i].path, 0);
        CHECK_IS(fd >= 0 ? sys_lseek((int) fd, 0, 2) : fd, cases[i].size);
        CHECK(fd < 0 || !sys_close((int) fd));
    }
    int app = open_file("/app");
    char cwd[64];
    CHECK_IS(sys_chdir("/app/lib"), 0);
    CHECK_IS(sys_getcwd(cwd, sizeof cwd), 9);
    CHECK(!strcmp(cwd, "/app/lib"));
    CHECK_IS(sys_getcwd(cwd, 8), -ERANGE);
    CHECK_IS(sys_chdir("two"), -ENOTDIR);
    CHECK_IS(sys_chdir("three"), -ENOENT);
    long one = open_at(AT_FDCWD, "one", 0), two = open_at(app, "lib/two", 0), root = open_at(app, "/", 0);
    CHECK(one >= 0 && two >= 0 && root >= 0);
    CHECK_IS(open_at((int) one, "x", 0), -ENOTDIR);
    CHECK_IS(open_at(77, "x", 0), -EBADF);
    CHECK_IS(sys_chdir("../.."), 0);
    CHECK_IS(sys_getcwd(cwd, sizeof cwd), 2);
    CHECK(!sys_close((int) one) && !sys_close((int) two) && !sys_close((int) root) && !sys_close(app));
    CHECK_IS(sys_close(app), -EBADF);
}

static void bad_paths_are_errors(void) {
    char path[2000];
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[1999] = 0;
    CHECK_IS(open_at(AT_FDCWD, path, 0), -ENAMETOOLONG);
    path[1024] = 0;
    CHECK_IS(open_at(AT_FDCWD, path, 0), -ENOENT);
    CHECK_IS(open_at(AT_FDCWD, NULL, 0), -EFAULT);
    CHECK_IS(sys_chdir("/app"), 0);
    CHECK_IS(open_at(AT_FDCWD, path + 1, 0), -ENAMETOOLONG);
    CHECK_IS(sys_chdir("/"), 0);
}

static void reads_in_place_at_every_offset(void) {
    int fd = open_file("/app/big");
    char to[sizeof big + 16];
    for (unsigned round = 0; round < 500; round++) {
        uint64_t offset = host_random() % (sizeof big + 50), bytes = host_random() % sizeof to;
        long wanted = offset < sizeof big ? (long) MIN(bytes, sizeof big - offset) : 0;
        CHECK_IS(sys_pread64(fd, to, bytes, offset), wanted);
        CHECK(!memcmp(to, big + MIN(offset, sizeof big), (size_t) wanted));
    }
    uint64_t done = 0;
    for (long part; (part = sys_read(fd, to, 777)) > 0; done += (uint64_t) part) {
        CHECK(!memcmp(to, big + done, (size_t) part));
    }
    CHECK_IS(done, sizeof big);
    CHECK_IS(sys_pread64(fd, to, 1, -1ul), -EINVAL);
    CHECK_IS(sys_pread64(fd, to, 1, INT64_MAX), 0);
    host_bad_from = to + 5000;
    host_bad_to = to + sizeof to;
    CHECK_IS(sys_pread64(fd, to, sizeof big, 0), 4096);  // as far as it came
    CHECK_IS(sys_pread64(fd, to + 6000, 10, 0), -EFAULT);
    CHECK_IS(sys_read(-1, to, 1), -EBADF);
    CHECK_IS(sys_write(fd, to, 1), -EBADF);
    sys_close(fd);
}

static void vectors_go_one_after_the_other(void) {
    int fd = open_file("/app/big");
    char a[100], b[5000], c[10];
    struct {
        void *base;
        size_t bytes;
    } v[] = {{a, sizeof a}, {NULL, 0}, {b, sizeof b}, {c, sizeof c}};
    CHECK_IS(sys_readv(fd, v, 4), 5110);
    CHECK(!memcmp(a, big, 100) && !memcmp(b, big + 100, 5000) && !memcmp(c, big + 5100, 10));
    CHECK_IS(sys_readv(fd, v, -1), -EINVAL);
    CHECK_IS(sys_readv(fd, v, 1025), -EINVAL);
    CHECK_IS(sys_readv(fd, NULL, 1), -EFAULT);
    v[1] = (typeof(v[1])) {NULL, 5};
    CHECK_IS(sys_readv(fd, v, 4), 100);
    sys_close(fd);
}

static void seeks_as_lseek_does(void) {
    int fd = open_file("/app/big");
    CHECK_IS(sys_lseek(fd, -100, 2), sizeof big - 100);
    CHECK_IS(sys_lseek(fd, 60, 1), sizeof big - 40);
    CHECK_IS(sys_lseek(fd, 1l << 40, 0), 1l << 40);
    CHECK_IS(sys_lseek(fd, -1, 0), -EINVAL);
    CHECK_IS(sys_lseek(fd, INT64_MAX, 1), -EINVAL);
    CHECK_IS(sys_lseek(fd, 0, 7), -EINVAL);
    CHECK_IS(sys_lseek(fd, 0, 1), 1l << 40);
    sys_close(fd);
}

static void pages_for_mapping_lie_in_the_image(void) {
    int fd = open_file("/app/big");
    struct file *file = file_get(fd);
    const char *second = direct(file->operations->page(file, PAGE_SIZE + 5)), *last = direct(file->operations->page(file, 70 * PAGE_SIZE));
    CHECK(second > image && second < image + image_bytes && !((uint64_t) second % PAGE_SIZE));
    CHECK(!memcmp(second, big + PAGE_SIZE, PAGE_SIZE) && !memcmp(last, big + 70 * PAGE_SIZE, 100));
    for (unsigned i = 100; i < PAGE_SIZE; i++) {
        CHECK(!last[i]);
    }
    CHECK(!file->operations->page(file, sizeof big) && !file->operations->page(file, 1ul << 60));
    file_put(file);
    sys_close(fd);
}

static void nothing_in_the_image_can_be_changed(void) {
    CHECK_IS(open_at(AT_FDCWD, "/app/big", 1), -EROFS);
    CHECK_IS(open_at(AT_FDCWD, "/app/big", 2), -EROFS);
    CHECK_IS(open_at(AT_FDCWD, "/app/new", O_CREAT | 1), -EROFS);
    CHECK_IS(open_at(AT_FDCWD, "/app", 1), -EISDIR);
    CHECK_IS(open_at(AT_FDCWD, "/app/big", O_DIRECTORY), -ENOTDIR);
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/app/big", 0), -EROFS);
    CHECK_IS(sys_unlinkat(AT_FDCWD, "/app/none", 0), -ENOENT);
    CHECK_IS(sys_mkdirat(AT_FDCWD, "/app/new", 0777), -EROFS);
    CHECK_IS(sys_mkdirat(AT_FDCWD, "/app/lib", 0777), -EEXIST);
    CHECK_IS(sys_renameat(AT_FDCWD, "/app/big", AT_FDCWD, "/tmp/big"), -EROFS);
    int fd = open_file("/app/big");
    CHECK_IS(sys_ftruncate(fd, 0), -EINVAL);
    CHECK_IS(sys_fsync(fd), 0);
    CHECK_IS(sys_fsync(-1), -EBADF);
    CHECK_IS(sys_fallocate(fd, 0, 0, 10), -EBADF);
    sys_close(fd);
}

// ---- What things are ------------------------------------------------------------------------------------------------------------------------------

// The layouts of the x86-64 ABI, by offset, apart from the kernel's own structures.
static uint64_t at(const void *structure, unsigned offset, unsigned bytes) {
    uint64_t value = 0;
    memcpy(&value, (const char *) structure + offset, bytes);
    return value;
}

static void check_stat(const char *s, uint32_t mode, uint64_t size, int64_t modified) {
    CHECK_IS(at(s, 24, 4), mode);
    CHECK_IS(at(s, 16, 8), 1);  // links
    CHECK_IS(at(s, 48, 8), size);
    CHECK_IS(at(s, 56, 8), PAGE_SIZE);
    CHECK_IS(at(s, 64, 8), (size + 511) / 512);
    CHECK_IS(at(s, 88, 8), modified);
    CHECK_IS(at(s, 72, 8), modified);
    CHECK(at(s, 0, 8) && at(s, 8, 8));  // device and inode
}

static void stat_has_kind_size_and_time(void) {
    char s[144 + 8];
    memset(s, 0x55, sizeof s);
    CHECK_IS(sys_newfstatat(AT_FDCWD, "/app/lib-x", s, 0), 0);
    check_stat(s, 0100755, 3, 1234567890);
    CHECK_IS(at(s, 144, 8), 0x5555555555555555);  // nothing behind the structure
    CHECK_IS(sys_newfstatat(AT_FDCWD, "/app/lib", s, 0), 0);
    check_stat(s, 040755, 0, 13);
    int fd = open_file("/app/lib/two"), directory = open_file("/app");
    CHECK_IS(sys_fstat(fd, s), 0);
    check_stat(s, 0100444, 2, -16);
    uint64_t inode = at(s, 8, 8);
    CHECK_IS(sys_newfstatat(directory, "lib/two", s, 0), 0);
    CHECK_IS(at(s, 8, 8), inode);
    CHECK_IS(sys_newfstatat(fd, "", s, AT_EMPTY_PATH), 0);
    CHECK_IS(at(s, 8, 8), inode);
    CHECK_IS(sys_fstat(directory, s), 0);
    check_stat(s, 040755, 0, 11);
    CHECK_IS(sys_newfstatat(AT_FDCWD, "", s, 0), -ENOENT);
    CHECK_IS(sys_newfstatat(AT_FDCWD, "/app/lib", NULL, 0), -EFAULT);
    CHECK_IS(sys_fstat(1000, s), -EBADF);
    CHECK_IS(sys_newfstatat(AT_FDCWD, "/dev/zero", s, 0), 0);
    CHECK_IS(at(s, 24, 4), 0020666);
    CHECK_IS(at(s, 40, 8), 0x105);
    sys_close(fd);
    sys_close(directory);
}

static void statx_says_the_same(void) {
    char s[256 + 8];
    memset(s, 0x55, sizeof s);
    CHECK_IS(sys_statx(AT_FDCWD, "/app/lib-x", 0, 0xfff, s), 0);
    CHECK_IS(at(s, 0, 4), 0x7ff);
    CHECK_IS(at(s, 28, 2), 0100755);
    CHECK_IS(at(s, 40, 8), 3);
    CHECK_IS(at(s, 48, 8), 1);
    CHECK_IS(at(s, 64, 8), 1234567890);
    CHECK_IS(at(s, 112, 8), 1234567890);
    CHECK_IS(at(s, 120, 4), 0);
    CHECK_IS(at(s, 256, 8), 0x5555555555555555);
    CHECK_IS(sys_statx(AT_FDCWD, "/dev/null", 0, 0xfff, s), 0);
    CHECK(at(s, 128, 4) == 1 && at(s, 132, 4) == 3);
}

static void statfs_tells_the_image_from_ram(void) {
    uint64_t s[15];
    CHECK_IS(sys_statfs("/app", s), 0);
    CHECK_IS(s[0], 0x28cd3d45);
    CHECK_IS(s[2], 0);
    CHECK_IS(sys_statfs("/tmp", s), 0);
    CHECK_IS(s[0], 0x01021994);
    CHECK_IS(s[1], PAGE_SIZE);
    CHECK_IS(s[2], host_pages_total / 8);
    CHECK_IS(sys_statfs("/none", s), -ENOENT);
}

static void access_and_readlink(void) {
    char to[32];
    CHECK_IS(sys_faccessat(AT_FDCWD, "/app/lib-x", 5), 0);
    CHECK_IS(sys_faccessat(AT_FDCWD, "/app/big", 1), -EACCES);
    CHECK_IS(sys_faccessat(AT_FDCWD, "/app/big", 2), -EROFS);
    CHECK_IS(sys_faccessat(AT_FDCWD, "/dev/null", 6), 0);
    CHECK_IS(sys_faccessat(AT_FDCWD, "/tmp", 7), 0);
    CHECK_IS(sys_faccessat(AT_FDCWD, "/none", 0), -ENOENT);
    files_set_executable("/jre/bin/java");
    CHECK_IS(sys_readlinkat(AT_FDCWD, "/proc/self/exe", to, sizeof to), 13);
    CHECK(!memcmp(to, "/jre/bin/java", 13));
    CHECK_IS(sys_readlinkat(AT_FDCWD, "/proc/self/exe", to, 4), 4);
    CHECK_IS(sys_readlinkat(AT_FDCWD, "/proc/self/exe", to, 0), -EINVAL);
    CHECK_IS(sys_readlinkat(AT_FDCWD, "/app/big", to, sizeof to), -EINVAL);
    CHECK_IS(sys_readlinkat(AT_FDCWD, "/app/none", to, sizeof to), -ENOENT);
}

// All names in a directory, in order, each with its kind, read by a buffer of that size.
static void list(const char *path, size_t size, char *names, size_t names_size) {
    int fd = open_file(path);
    char buffer[4096];
    size_t length = 0;
    for (long bytes; (bytes = sys_getdents64(fd, buffer, size)) != 0;) {
        CHECK(bytes > 0 && bytes <= (long) size);
        for (long i = 0; i < bytes; i += (long) at(buffer + i, 16, 2)) {
            CHECK(at(buffer + i, 16, 2) % 8 == 0 && at(buffer + i, 0, 8));
            length += (size_t) format(names + length, names_size - length, "%s:%u ", buffer + i + 19, (unsigned) at(buffer + i, 18, 1));
        }
    }
    sys_close(fd);
}

static void directories_list_their_own_children_alone(void) {
    static const size_t sizes[] = {40, 41, 64, 100, 4096};
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        char names[512] = "";
        list("/app", sizes[i], names, sizeof names);
        CHECK(!strcmp(names, ".:4 ..:4 big:8 lib:4 lib-x:8 "));
        list("/app/lib", sizes[i], names, sizeof names);
        CHECK(!strcmp(names, ".:4 ..:4 one:8 two:8 "));
        list("/", sizes[i], names, sizeof names);
        CHECK(!strcmp(names, ".:4 ..:4 app:4 app0:8 tmp:4 "));
    }
    char buffer[64];
    int fd = open_file("/app"), file = open_file("/app/big");
    CHECK_IS(sys_getdents64(fd, buffer, 10), -EINVAL);
    CHECK_IS(sys_getdents64(fd, NULL, 100), -EFAULT);
    CHECK_IS(sys_getdents64(file, buffer, 64), -ENOTDIR);
    CHECK_IS(sys_read(fd, buffer, 10), -EISDIR);
    CHECK(sys_getdents64(fd, buffer, 64) > 0);
    CHECK_IS(sys_lseek(fd, 0, 0), 0);
    CHECK(sys_getdents64(fd, buffer, 64) > 0 && !strcmp(buffer + 19, "."));
    sys_close(fd);
    sys_close(file);
}

// ---- Descriptors -----------------------------------------------------------------------------------------------------------------------------------

static void the_least_free_descriptor_is_taken_and_there_are_1024(void) {
    int first = open_file("/app/big"), count = 1;
    long fd;
    while ((fd = open_at(AT_FDCWD, "/app", 0)) >= 0) {
        CHECK_IS(fd, first + count);
        count++;
    }
    CHECK_IS(fd, -EMFILE);
    CHECK_IS(first + count, 1024);
    CHECK_IS(sys_dup(first), -EMFILE);
    CHECK_IS(sys_close(first + 5), 0);
    CHECK_IS(sys_dup(first), first + 5);
    for (int i = 0; i < count; i++) {
        CHECK_IS(sys_close(first + i), 0);
    }
}

static void duplicates_share_an_offset(void) {
    long objects = host_objects_used();
    int fd = open_file("/app/big"), copy = (int) sys_dup(fd);
    char c;
    CHECK_IS(sys_read(fd, &c, 1), 1);
    CHECK_IS(sys_lseek(copy, 0, 1), 1);
    CHECK_IS(sys_dup3(fd, fd, 0), -EINVAL);
    CHECK_IS(sys_dup3(fd, fd, -1), fd);
    CHECK_IS(sys_dup3(fd, 500, 0), 500);
    CHECK_IS(sys_dup3(copy, 500, 0), 500);
    CHECK_IS(sys_dup3(fd, 1024, 0), -EBADF);
    CHECK_IS(sys_dup3(fd, -1, 0), -EBADF);
    CHECK_IS(sys_dup3(499, 498, 0), -EBADF);
    CHECK_IS(sys_fcntl(fd, 0, 600), 600);
    CHECK_IS(sys_fcntl(fd, 1030, 600), 601);
    CHECK_IS(sys_fcntl(fd, 0, 1024), -EINVAL);
    CHECK_IS(sys_fcntl(fd, 3, 0), 0);
    CHECK_IS(sys_fcntl(fd, 99, 0), -EINVAL);
    CHECK_IS(sys_ioctl(fd, 0x5401, &c), -ENOTTY);
    CHECK_IS(sys_ioctl(499, 0x5401, &c), -EBADF);
    sys_close(fd);
    sys_close(copy);
    CHECK_IS(sys_lseek(601, 0, 1), 1);
    sys_close(500);
    sys_close(600);
    sys_close(601);
    CHECK_IS(host_objects_used(), objects);
}

// ---- Damage ----------------------------------------------------------------------------------------------------------------------------------------

static void read_big(void *offset) {
    char c;
    sys_pread64(open_file("/app/big"), &c, 1, *(uint64_t *) offset);
}

static void map_big(void *offset) {
    struct file *file = file_get(open_file("/app/big"));
    file->operations->page(file, *(uint64_t *) offset);
}

static void a_damaged_page_ends_the_machine_when_it_is_first_used(void) {
    for (unsigned mapped = 0; mapped < 2; mapped++) {
        begin();
        image[((struct tree_header *) image)->data_offset + PAGE_SIZE + 17] ^= 4;  // the second page of /app/big
        uint64_t good = 2 * PAGE_SIZE, bad = PAGE_SIZE + 4000;
        CHECK_IS(host_ends(mapped ? map_big : read_big, &good), -1);
        CHECK_IS(host_ends(mapped ? map_big : read_big, &bad), EXIT_IMAGE);
        CHECK(!strcmp(host_said, "the image is damaged: the file /app/big is, in the page at byte 4096"));
    }
    begin();
    uint64_t page = PAGE_SIZE;
    CHECK_IS(host_ends(read_big, &page), -1);
    image[((struct tree_header *) image)->data_offset + PAGE_SIZE + 17] ^= 4;
    CHECK_IS(host_ends(read_big, &page), -1);  // it was checked before
    for (page = 2 * PAGE_SIZE; page < 70 * PAGE_SIZE; page += PAGE_SIZE) {
        uint64_t used = 34 * PAGE_SIZE;
        begin();
        image[((struct tree_header *) image)->data_offset + page] ^= 4;
        CHECK_IS(host_ends(read_big, &used), page == used ? EXIT_IMAGE : -1);
        CHECK_IS(host_ends(read_big, &page), EXIT_IMAGE);  // that of another page says nothing of this one
        for (int fd = 3; fd < 20; fd++) {
            sys_close(fd);
        }
    }
    begin();
}

static void a_damaged_index_ends_the_machine_at_once(void) {
    uint64_t bytes = image_bytes;
    image_bytes -= PAGE_SIZE;
    CHECK_IS(host_ends(start, NULL), EXIT_IMAGE);
    CHECK(host_has(host_said, "cut short"));
    image_bytes = bytes;
    struct tree_entry *entry = (void *) (image + PAGE_SIZE);
    entry[2].mode = 0120777;
    CHECK_IS(host_ends(start, NULL), EXIT_IMAGE);
    CHECK(host_has(host_said, "index: its checksum is not right"));
    seal_tree(image);
    CHECK_IS(host_ends(start, NULL), EXIT_IMAGE);
    CHECK(!strcmp(host_said, "the image is damaged: index: entry 2, /app/big: it is neither file nor directory"));
    begin();
}

int main(void) {
    begin();
    RUN(paths_are_resolved_from_the_root_the_current_directory_and_directories);
    RUN(bad_paths_are_errors);
    RUN(reads_in_place_at_every_offset);
    RUN(vectors_go_one_after_the_other);
    RUN(seeks_as_lseek_does);
    RUN(pages_for_mapping_lie_in_the_image);
    RUN(nothing_in_the_image_can_be_changed);
    RUN(stat_has_kind_size_and_time);
    RUN(statx_says_the_same);
    RUN(statfs_tells_the_image_from_ram);
    RUN(access_and_readlink);
    RUN(directories_list_their_own_children_alone);
    RUN(the_least_free_descriptor_is_taken_and_there_are_1024);
    RUN(duplicates_share_an_offset);
    RUN(a_damaged_page_ends_the_machine_when_it_is_first_used);
    RUN(a_damaged_index_ends_the_machine_at_once);
    free(image);
    return host_report();
}
