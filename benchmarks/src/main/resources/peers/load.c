/*
 * The client of the network benchmarks, on the kernel's sockets; the same for every server that is compared.
 * usage: load HOST PORT send|receive|echo SECONDS [BYTES [CONNECTIONS]]
 * prints one line: for send and receive "bytes N ns N", for echo "transactions N ns N p50 N p99 N" (ns)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 256, MAX_SAMPLES = 4 * 1000 * 1000, BULK_BYTES = 256 * 1024 };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int dial(const char *host, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    struct timeval limit = {.tv_sec = 10};
    int one = 1;
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1) {
        fprintf(stderr, "not an IPv4 address: %s\n", host);
        exit(2);
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *) &to, sizeof to) < 0)
        fail("connect");
    return fd;
}

static void bulk(int fd, int sending, int64_t duration_ns)
{
    static char data[BULK_BYTES];
    int64_t start = now_ns(), end = start + duration_ns, bytes = 0, now;
    do {
        ssize_t moved = sending ? send(fd, data, sizeof data, 0) : recv(fd, data, sizeof data, 0);
        if (moved <= 0)
            fail(sending ? "send" : "recv");
        bytes += moved;
        now = now_ns();
    } while (now < end);
    printf("bytes %lld ns %lld\n", (long long) bytes, (long long) (now - start));
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;
    return x < y ? -1 : x > y;
}

static void echo(int *fds, int connections, size_t bytes, int64_t duration_ns)
{
    static char data[65536];
    static int64_t sent_at[MAX_CONNECTIONS];
    static size_t received[MAX_CONNECTIONS];
    struct pollfd polls[MAX_CONNECTIONS];
    uint32_t *samples = malloc(MAX_SAMPLES * sizeof *samples);
    int64_t start = now_ns(), end = start + duration_ns, count = 0, now = start;
    for (int i = 0; i < connections; i++) {
        polls[i] = (struct pollfd) {.fd = fds[i], .events = POLLIN};
        sent_at[i] = now_ns();
        if (send(fds[i], data, bytes, 0) != (ssize_t) bytes)
            fail("send");
    }
    while (now < end) {
        if (connections > 1 && poll(polls, (nfds_t) connections, 10000) <= 0)
            fail("poll");
        for (int i = 0; i < connections; i++) {
            if (connections > 1 && !(polls[i].revents & (POLLIN | POLLHUP | POLLERR)))
                continue;
            ssize_t got = recv(fds[i], data, bytes - received[i], 0);
            if (got <= 0)
                fail("recv");
            received[i] += (size_t) got;
            if (received[i] < bytes)
                continue;
            now = now_ns();
            if (count < MAX_SAMPLES)
                samples[count] = (uint32_t) (now - sent_at[i]);
            count++;
            received[i] = 0;
            sent_at[i] = now;
            if (send(fds[i], data, bytes, 0) != (ssize_t) bytes)
                fail("send");
        }
    }
    size_t kept = (size_t) (count < MAX_SAMPLES ? count : MAX_SAMPLES);
    qsort(samples, kept, sizeof *samples, by_value);
    printf("transactions %lld ns %lld p50 %u p99 %u\n", (long long) count, (long long) (now - start),
           kept ? samples[kept / 2] : 0, kept ? samples[kept - 1 - kept / 100] : 0);
}

int main(int argc, char **argv)
{
    int fds[MAX_CONNECTIONS];
    if (argc < 5) {
        fprintf(stderr, "usage: load HOST PORT send|receive|echo SECONDS [BYTES [CONNECTIONS]]\n");
        return 2;
    }
    int64_t duration_ns = (int64_t) (atof(argv[4]) * 1e9);
    size_t bytes = argc > 5 ? (size_t) atoi(argv[5]) : 64;
    int connections = argc > 6 ? atoi(argv[6]) : 1;
    if (bytes < 1 || bytes > 65536 || connections < 1 || connections > MAX_CONNECTIONS) {
        fprintf(stderr, "BYTES is 1 to 65536, CONNECTIONS 1 to %d\n", MAX_CONNECTIONS);
        return 2;
    }
    for (int i = 0; i < connections; i++)
        fds[i] = dial(argv[1], atoi(argv[2]));
    if (strcmp(argv[3], "echo") == 0)
        echo(fds, connections, bytes, duration_ns);
    else
        bulk(fds[0], strcmp(argv[3], "send") == 0, duration_ns);
    return 0;
}
