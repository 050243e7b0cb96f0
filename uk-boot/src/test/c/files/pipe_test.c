// Pipes, with threads that wait for each other.
#include "build_tree.h"
#include "file.h"
#include "host.h"

enum { O_NONBLOCK = 04000 };

static int fds[2];

static void open_pipe(int flags) {
    CHECK_IS(sys_pipe2(fds, flags), 0);
}

static void close_both(void) {
    sys_close(fds[0]);
    sys_close(fds[1]);
}

static void wait_for_sleepers(unsigned count) {
    for (unsigned i = 0; host_sleepers() != count; i++) {
        CHECK(i < 5000);
        host_sleep_ms(1);
    }
}

static void bytes_come_out_in_order(void) {
    long pages = host_pages_used(), objects = host_objects_used();
    open_pipe(0);
    char to[100];
    CHECK_IS(sys_write(fds[1], "one", 3), 3);
    CHECK_IS(sys_write(fds[1], "two", 3), 3);
    CHECK_IS(sys_read(fds[0], to, 4), 4);
    CHECK_IS(sys_read(fds[0], to + 4, 90), 2);
    CHECK(!memcmp(to, "onetwo", 6));
    struct {
        void *base;
        size_t bytes;
    } v[] = {{to, 5}, {to + 5, 5}};
    CHECK_IS(sys_writev(fds[1], v, 2), 10);
    CHECK_IS(sys_readv(fds[0], v, 2), 10);
    CHECK_IS(sys_write(fds[1], "xyz", 3), 3);
    CHECK_IS(sys_readv(fds[0], v, 2), 3);  // does not wait for more
    CHECK_IS(sys_read(fds[1], to, 1), -EBADF);
    CHECK_IS(sys_write(fds[0], to, 1), -EBADF);
    CHECK_IS(sys_lseek(fds[0], 0, 1), -ESPIPE);
    CHECK_IS(sys_pread64(fds[0], to, 1, 0), -ESPIPE);
    CHECK_IS(sys_read(fds[0], to, 0), 0);
    close_both();
    CHECK_IS(sys_pipe2(fds, 1), -EINVAL);
    CHECK_IS(sys_pipe2(NULL, 0), -EFAULT);
    CHECK_IS(host_pages_used(), pages);
    CHECK_IS(host_objects_used(), objects);
}

static void an_end_that_is_closed_is_seen_at_the_other(void) {
    char c;
    open_pipe(0);
    CHECK_IS(sys_write(fds[1], "x", 1), 1);
    sys_close(fds[1]);
    CHECK_IS(sys_read(fds[0], &c, 1), 1);
    CHECK_IS(sys_read(fds[0], &c, 1), 0);
    sys_close(fds[0]);
    open_pipe(0);
    sys_close(fds[0]);
    CHECK_IS(sys_write(fds[1], "x", 1), -EPIPE);
    sys_close(fds[1]);
}

static void without_blocking_it_says_that_it_would(void) {
    char bytes[5000] = {0};
    open_pipe(O_NONBLOCK);
    CHECK_IS(sys_read(fds[0], bytes, 1), -EAGAIN);
    CHECK_IS(sys_write(fds[1], bytes, 5000), 4096);
    CHECK_IS(sys_write(fds[1], bytes, 1), -EAGAIN);
    CHECK_IS(sys_read(fds[0], bytes, 100), 100);
    CHECK_IS(sys_write(fds[1], bytes, 101), -EAGAIN);  // PIPE_BUF bytes at most go whole or not at all
    CHECK_IS(sys_write(fds[1], bytes, 100), 100);
    close_both();
}

enum { TOTAL = 200000 };
static long produced;

static void produce(void *unused) {
    (void) unused;
    char bytes[7000];
    uint32_t random = 7;
    while (produced < TOTAL) {
        random = random * 1664525 + 1013904223;
        size_t count = MIN((size_t) (random >> 19), MIN(sizeof bytes, (size_t) (TOTAL - produced)));
        for (size_t i = 0; i < count; i++) {
            bytes[i] = (char) ((produced + (long) i) % 251);
        }
        produced += sys_write(fds[1], bytes, count);
    }
    sys_close(fds[1]);
}

static void a_writer_and_a_reader_wait_for_each_other(void) {
    open_pipe(0);
    produced = 0;
    host_thread(produce, NULL);
    char bytes[6000];
    long got = 0;
    for (long part; (part = sys_read(fds[0], bytes, 1 + (size_t) got % sizeof bytes)) > 0; got += part) {
        for (long i = 0; i < part; i++) {
            CHECK((uint8_t) bytes[i] == (got + i) % 251);
        }
    }
    host_join();
    CHECK_IS(got, TOTAL);
    sys_close(fds[0]);
}

static long result;

static void read_one(void *unused) {
    (void) unused;
    char c[8];
    result = sys_read(fds[0], c, sizeof c);
}

static void a_signal_ends_waiting(void) {
    open_pipe(0);
    host_thread(read_one, NULL);
    wait_for_sleepers(1);
    host_signal_all();
    host_join();
    host_signal = false;
    CHECK_IS(result, -EINTR);
    close_both();
}

static void the_last_writer_that_leaves_wakes_the_reader(void) {
    open_pipe(0);
    int copy = (int) sys_dup(fds[1]);
    host_thread(read_one, NULL);
    wait_for_sleepers(1);
    sys_close(fds[1]);
    host_sleep_ms(5);
    CHECK_IS(host_sleepers(), 1);
    sys_close(copy);
    host_join();
    CHECK_IS(result, 0);
    sys_close(fds[0]);
}

int main(void) {
    static const struct made entries[] = {{"/", 040755, 1, NULL, 0}};
    uint64_t bytes;
    char *image = build_tree(entries, 1, &bytes);
    files_start(image, bytes);
    RUN(bytes_come_out_in_order);
    RUN(an_end_that_is_closed_is_seen_at_the_other);
    RUN(without_blocking_it_says_that_it_would);
    RUN(a_writer_and_a_reader_wait_for_each_other);
    RUN(a_signal_ends_waiting);
    RUN(the_last_writer_that_leaves_wakes_the_reader);
    free(image);
    return host_report();
}
