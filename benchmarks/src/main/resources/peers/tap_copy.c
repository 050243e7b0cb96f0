/*
 * Copies frames between two TAP interfaces: what the kernel's TAP path itself allows on this machine.
 * usage: tap_copy TAP_A TAP_B offloads|plain
 */
#include "tap.h"
#include <poll.h>

enum { BURST = 32, FRAME_BYTES = 65550 + VNET_HDR_BYTES };

static char frame[FRAME_BYTES];

/* Moves up to a burst of frames; returns how many. */
static int copy(int from, int to)
{
    int moved = 0;
    while (moved < BURST) {
        ssize_t bytes = read(from, frame, sizeof frame);
        if (bytes <= 0)
            break;
        if (write(to, frame, (size_t) bytes) < 0) {
            /* The other interface is down or full: a wire would lose the frame, too. */
        }
        moved++;
    }
    return moved;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: tap_copy TAP_A TAP_B offloads|plain\n");
        return 2;
    }
    int offloads = strcmp(argv[3], "offloads") == 0;
    int a = tap_open(argv[1], offloads);
    int b = tap_open(argv[2], offloads);
    struct pollfd both[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (copy(a, b) + copy(b, a) == 0)
            poll(both, 2, -1);
    }
}
