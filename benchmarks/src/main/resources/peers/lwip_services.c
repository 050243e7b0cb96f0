/*
 * lwIP as a peer: echo 7, discard 9 and chargen 19 by its raw API over its own TAP, one thread that reads frames and
 * runs the callbacks. Debian's library was built with pool buffers too small for a frame, so frames go into PBUF_RAM.
 * usage: lwip_services TAP ADDRESS NETMASK
 */
#include "tap.h"
#include <errno.h>
#include <lwip/etharp.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/uio.h>

enum { BURST = 32, MTU = 1500, FRAME_BYTES = MTU + 14, PATTERN_BYTES = 64 * 1024 };

static int tap;
static char pattern[PATTERN_BYTES];

static err_t send_frame(struct netif *netif, struct pbuf *p)
{
    (void) netif;
    struct iovec parts[16];
    int count = 0;
    for (struct pbuf *q = p; q != NULL && count < 16; q = q->next) {
        parts[count].iov_base = q->payload;
        parts[count].iov_len = q->len;
        count++;
    }
    while (writev(tap, parts, count) < 0) {
        if (errno != EAGAIN)
            return ERR_IF;
        struct pollfd room = {.fd = tap, .events = POLLOUT};
        poll(&room, 1, -1);
    }
    return ERR_OK;
}

static err_t interface_up(struct netif *netif)
{
    netif->name[0] = 't';
    netif->name[1] = 'p';
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    netif->mtu = MTU;
    netif->hwaddr_len = 6;
    memcpy(netif->hwaddr, "\x02\x00\x5e\x00\x53\x01", 6);
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

/* Echo: what could not be written yet waits as a chain in the connection's argument. */
static void echo_more(struct tcp_pcb *pcb, struct pbuf **waiting)
{
    while (*waiting != NULL) {
        struct pbuf *head = *waiting;
        if (head->len > 0 && tcp_write(pcb, head->payload, head->len, TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
        u16_t bytes = head->len;
        *waiting = head->next;
        if (*waiting != NULL)
            pbuf_ref(*waiting);
        pbuf_free(head);
        tcp_recved(pcb, bytes);
    }
    tcp_output(pcb);
}

static err_t finish(struct tcp_pcb *pcb)
{
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    if (tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    return ERR_OK;
}

static err_t echo_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct pbuf **waiting = arg;
    if (p == NULL || err != ERR_OK) {
        free(waiting);
        return finish(pcb);
    }
    if (*waiting == NULL)
        *waiting = p;
    else
        pbuf_cat(*waiting, p);
    echo_more(pcb, waiting);
    return ERR_OK;
}

static err_t echo_sent(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
    (void) bytes;
    if (arg != NULL)
        echo_more(pcb, arg);
    return ERR_OK;
}

static err_t discard_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    (void) arg;
    if (p == NULL || err != ERR_OK)
        return finish(pcb);
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static void chargen_more(struct tcp_pcb *pcb)
{
    for (;;) {
        u16_t room = tcp_sndbuf(pcb);
        if (room == 0 || tcp_write(pcb, pattern, room < 16384 ? room : 16384, 0) != ERR_OK)
            break;
    }
    tcp_output(pcb);
}

static err_t chargen_sent(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
    (void) arg;
    (void) bytes;
    chargen_more(pcb);
    return ERR_OK;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
    if (err != ERR_OK || pcb == NULL)
        return ERR_VAL;
    switch ((int) (intptr_t) arg) {
    case 7:
        tcp_nagle_disable(pcb);
        tcp_arg(pcb, calloc(1, sizeof(struct pbuf *)));
        tcp_recv(pcb, echo_received);
        tcp_sent(pcb, echo_sent);
        break;
    case 9:
        tcp_recv(pcb, discard_received);
        break;
    default:
        tcp_recv(pcb, discard_received);
        tcp_sent(pcb, chargen_sent);
        chargen_more(pcb);
    }
    return ERR_OK;
}

static void serve(int port)
{
    struct tcp_pcb *pcb = tcp_new();
    if (tcp_bind(pcb, IP_ADDR_ANY, (u16_t) port) != ERR_OK) {
        fprintf(stderr, "port %d is taken\n", port);
        exit(1);
    }
    pcb = tcp_listen(pcb);
    tcp_arg(pcb, (void *) (intptr_t) port);
    tcp_accept(pcb, accepted);
}

static void started(void *done)
{
    sem_post(done);
}

int main(int argc, char **argv)
{
    static struct netif netif;
    ip4_addr_t address, netmask, gateway = {0};
    sem_t done;
    if (argc != 4 || !ip4addr_aton(argv[2], &address) || !ip4addr_aton(argv[3], &netmask)) {
        fprintf(stderr, "usage: lwip_services TAP ADDRESS NETMASK\n");
        return 2;
    }
    memset(pattern, 'x', sizeof pattern);
    tap = tap_open(argv[1], 0);
    sem_init(&done, 0, 0);
    tcpip_init(started, &done);
    sem_wait(&done);
    LOCK_TCPIP_CORE();
    netif_add(&netif, &address, &netmask, &gateway, NULL, interface_up, ethernet_input);
    netif_set_default(&netif);
    netif_set_up(&netif);
    serve(7);
    serve(9);
    serve(19);
    UNLOCK_TCPIP_CORE();
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct pollfd frames = {.fd = tap, .events = POLLIN};
        poll(&frames, 1, -1);
        LOCK_TCPIP_CORE();
        for (int i = 0; i < BURST; i++) {
            char frame[FRAME_BYTES];
            ssize_t bytes = read(tap, frame, sizeof frame);
            if (bytes <= 0)
                break;
            struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t) bytes, PBUF_RAM);
            if (p == NULL)
                break;
            memcpy(p->payload, frame, (size_t) bytes);
            if (netif.input(p, &netif) != ERR_OK)
                pbuf_free(p);
        }
        UNLOCK_TCPIP_CORE();
    }
}
