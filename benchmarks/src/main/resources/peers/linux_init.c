// The first process of the Linux guest: mounts what a JVM reads, loads the network's modules, gives eth0 its address, and becomes the
// program that /init.arguments names, one argument a line. Modules are in /modules, loaded in the order of their names.
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void must(int result, const char *what) {
    if (result < 0) {
        printf("init: %s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static void load_modules(void) {
    struct dirent **names;
    int count = scandir("/modules", &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.') {
            char path[300];
            snprintf(path, sizeof path, "/modules/%s", names[i]->d_name);
            int file = open(path, O_RDONLY | O_CLOEXEC);
            must(file, path);
            must((int) syscall(SYS_finit_module, file, "", 0), path);
            close(file);
        }
    }
}

static struct sockaddr address(const char *text) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(text)};
    struct sockaddr any;
    memcpy(&any, &in, sizeof any);
    return any;
}

static void bring_up(int socket, const char *name) {
    struct ifreq request = {0};
    strcpy(request.ifr_name, name);
    must(ioctl(socket, SIOCGIFFLAGS, &request), name);
    request.ifr_flags |= IFF_UP;
    must(ioctl(socket, SIOCSIFFLAGS, &request), name);
}

static void configure_network(void) {
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(control, "socket");
    bring_up(control, "lo");
    struct ifreq request = {0};
    strcpy(request.ifr_name, "eth0");
    request.ifr_addr = address("10.0.2.15");
    must(ioctl(control, SIOCSIFADDR, &request), "address");
    request.ifr_netmask = address("255.255.255.0");
    must(ioctl(control, SIOCSIFNETMASK, &request), "netmask");
    bring_up(control, "eth0");
    struct rtentry route = {.rt_dst = address("0.0.0.0"), .rt_genmask = address("0.0.0.0"), .rt_gateway = address("10.0.2.2"),
        .rt_flags = RTF_UP | RTF_GATEWAY};
    must(ioctl(control, SIOCADDRT, &route), "route");
    close(control);
}

int main(void) {
    enum { ARGUMENTS = 64, BYTES = 8192 };
    setvbuf(stdout, NULL, _IONBF, 0);
    must(mount("proc", "/proc", "proc", 0, NULL), "/proc");
    must(mount("sysfs", "/sys", "sysfs", 0, NULL), "/sys");
    must(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL), "/dev");
    load_modules();
    configure_network();
    static char text[BYTES];
    int file = open("/init.arguments", O_RDONLY | O_CLOEXEC);
    must(file, "/init.arguments");
    must((int) read(file, text, sizeof text - 1), "/init.arguments");
    char *arguments[ARGUMENTS + 1] = {0};
    char *rest = text;
    for (int i = 0; i < ARGUMENTS && rest && *rest; i++) {
        arguments[i] = strsep(&rest, "\n");
    }
    execv(arguments[0], arguments);
    must(-1, arguments[0]);
}
