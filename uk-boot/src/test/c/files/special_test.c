// Devices, and the texts of /proc and /sys.
#include "build_tree.h"
#include "file.h"
#include "host.h"

enum { AT_FDCWD = -100 };

static uint64_t at(const void *structure, unsigned offset, unsigned bytes) {
    uint64_t value = 0;
    memcpy(&value, (const char *) structure + offset, bytes);
    return value;
}

static long open_at(int fd, const char *path, int flags) {
    return sys_openat(fd, path, flags, 0666);
}

static long slurp(const char *path, char *to, size_t size, size_t step) {
    long fd = open_at(AT_FDCWD, path, 0);
    if (fd < 0) {
        return fd;
    }
    size_t length = 0;
    for (long part; (part = sys_read((int) fd, to + length, MIN(step, size - 1 - length))) > 0; length += (size_t) part) {
    }
    to[length] = 0;
    sys_close((int) fd);
    return (long) length;
}

static void the_console_takes_what_is_written(void) {
    host_console_length = 0;
    files_open_console();
    char text[1000], c;
    memset(text, 'a', sizeof text);
    CHECK_IS(sys_write(1, text, sizeof text), 1000);
    CHECK_IS(host_console_length, 1000);
    struct {
        const void *base;
        size_t bytes;
    } v[] = {{"one ", 4}, {"two\n", 4}};
    CHECK_IS(sys_writev(2, v, 2), 8);
    CHECK(!memcmp(host_console + 1000, "one two\n", 8));
    CHECK_IS(sys_read(0, &c, 1), 0);
    CHECK_IS(sys_lseek(1, 0, 1), -ESPIPE);
    CHECK_IS(sys_write(1, NULL, 1), -EFAULT);
    CHECK_IS(sys_fcntl(1, 3, 0), 2);
    char s[144];
    CHECK_IS(sys_fstat(1, s), 0);
    CHECK_IS(at(s, 24, 4) & 0170000, 0020000);
}

static void devices_do_what_they_are_for(void) {
    char to[600];
    memset(to, 1, sizeof to);
    int zero = (int) open_at(AT_FDCWD, "/dev/zero", 2), null = (int) open_at(AT_FDCWD, "/dev/null", 2), full = (int) open_at(AT_FDCWD, "/dev/full", 2),
        random = (int) open_at(AT_FDCWD, "/dev/urandom", 2);
    CHECK_IS(sys_read(zero, to, sizeof to), 600);
    for (unsigned i = 0; i < sizeof to; i++) {
        CHECK(!to[i]);
    }
    CHECK_IS(sys_read(random, to, sizeof to), 600);
    CHECK(memcmp(to, to + 256, 256) && memcmp(to, to + 300, 300));
    CHECK_IS(sys_write(random, to, 10), 10);
    CHECK_IS(sys_read(null, to, 5), 0);
    CHECK_IS(sys_write(null, to, 5), 5);
    CHECK_IS(sys_write(full, to, 5), -ENOSPC);
    CHECK_IS(sys_read(zero, NULL, 5), -EFAULT);
    sys_close(zero), sys_close(null), sys_close(full), sys_close(random);
}

static void proc_has_what_a_jvm_reads(void) {
    static const struct {
        const char *path, *part;
    } cases[] = {{"/proc/meminfo", "MemTotal: 32768 kB\n"}, {"/proc/cpuinfo", "processor\t: 2\n"}, {"/proc/stat", "cpu  123 0 0 1377 "}, {"/proc/stat", "\nbtime 1699999995\n"},
        {"/proc/self/stat", "1 (java) R "}, {"/proc/self/status", "Threads:\t7\n"}, {"/proc/self/maps", "[stack]\n"}, {"/proc/cmdline", "boot.exit_port=0xf4 quiet\n"},
        {"/proc/sys/vm/max_map_count", "1048576\n"}, {"/sys/devices/system/cpu/online", "0-2\n"}, {"/sys/devices/system/cpu/possible", "0-2\n"},
        {"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152\n"}, {"/proc/mounts", " /tmp tmpfs "}};
    for (unsigned i = 0; i < COUNT_OF(cases); i++) {
        char whole[4096], pieces[4096];
        CHECK(slurp(cases[i].path, whole, sizeof whole, 4096) > 0);
        CHECK(slurp(cases[i].path, pieces, sizeof pieces, 7) > 0);
        CHECK(host_has(whole, cases[i].part) && !strcmp(whole, pieces));
        CHECK_IS(open_at(AT_FDCWD, cases[i].path, 1), -EROFS);
    }
    char text[64];
    CHECK_IS(slurp("/proc/self/cmdline", text, sizeof text, 5), 16);
    CHECK(!memcmp(text, "/bin/java\0-cp\0x", 16));
    CHECK_IS(slurp("/proc/self/cgroup", text, sizeof text, 5), -ENOENT);
    CHECK_IS(slurp("/dev/none", text, sizeof text, 5), -ENOENT);
}

int main(void) {
    static const struct made entries[] = {{"/", 040755, 1, NULL, 0}, {"/uk", 040755, 1, NULL, 0}, {"/uk/arguments", 0100644, 1, "/bin/java\n-cp\nx", 15}};
    uint64_t bytes;
    char *image = build_tree(entries, COUNT_OF(entries), &bytes);
    files_start(image, bytes);
    RUN(the_console_takes_what_is_written);
    RUN(devices_do_what_they_are_for);
    RUN(proc_has_what_a_jvm_reads);
    free(image);
    return host_report();
}
