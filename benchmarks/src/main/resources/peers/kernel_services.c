/*
 * The kernel's own stack as a peer: echo 7, discard 9 and chargen 19, one thread a connection.
 * usage: kernel_services
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BULK_BYTES = 256 * 1024 };

struct connection {
    int fd;
    int port;
};

static void *serve(void *arg)
{
    struct connection c = *(struct connection *) arg;
    free(arg);
    char *data = calloc(1, BULK_BYTES);
    ssize_t bytes = 1;
    while (bytes > 0) {
        if (c.port == 19) {
            bytes = send(c.fd, data, BULK_BYTES, 0);
        } else {
            bytes = recv(c.fd, data, BULK_BYTES, 0);
            if (c.port == 7 && bytes > 0)
                bytes = send(c.fd, data, (size_t) bytes, 0);
        }
    }
    free(data);
    close(c.fd);
    return NULL;
}

static void *listen_at(void *arg)
{
    int port = (int) (intptr_t) arg, one = 1;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *) &any, sizeof any) < 0 || listen(fd, 64) < 0) {
        perror("listen");
        exit(1);
    }
    if (port == 19) {
        puts("ready");
        fflush(stdout);
    }
    for (;;) {
        struct connection *c = malloc(sizeof *c);
        pthread_t thread;
        c->fd = accept(fd, NULL, NULL);
        c->port = port;
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        pthread_create(&thread, NULL, serve, c);
        pthread_detach(thread);
    }
}

int main(void)
{
    pthread_t thread;
    signal(SIGPIPE, SIG_IGN);
    pthread_create(&thread, NULL, listen_at, (void *) (intptr_t) 7);
    pthread_create(&thread, NULL, listen_at, (void *) (intptr_t) 9);
    listen_at((void *) (intptr_t) 19);
}
