/* Opens a TAP interface for the peers of the benchmarks. */
#ifndef UK_BENCH_TAP_H
#define UK_BENCH_TAP_H

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define VNET_HDR_BYTES 12

/* Attaches to the named TAP; with offloads, frames carry a virtio_net_hdr and may be 64 KiB long. */
static int tap_open(const char *name, int offloads)
{
    struct ifreq request;
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (fd < 0) {
        perror("/dev/net/tun");
        exit(1);
    }
    memset(&request, 0, sizeof request);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | (offloads ? IFF_VNET_HDR : 0);
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        perror(name);
        exit(1);
    }
    if (offloads) {
        int header = VNET_HDR_BYTES;
        if (ioctl(fd, TUNSETVNETHDRSZ, &header) < 0
                || ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0) {
            perror("offloads");
            exit(1);
        }
    }
    return fd;
}

#endif
