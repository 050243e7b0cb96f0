package io.uk4j.platform.unix;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDevices;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens one TAP interface (Linux, Documentation/networking/tuntap.rst), step by step, and explains what went wrong. */
final class TapOpener {
    private static final Logger LOG = LoggerFactory.getLogger(TapOpener.class);

    private static final String CLONE_DEVICE = "/dev/net/tun";

    // linux/if_tun.h
    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final long TUNSETVNETHDRSZ = 0x400454d8L;
    private static final int IFF_TAP = 0x0002;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    private static final int TUN_F_CSUM = 0x01;
    private static final int TUN_F_TSO4 = 0x02;
    private static final int TUN_F_TSO6 = 0x04;
    private static final int TUN_F_TSO_ECN = 0x08;

    // linux/sockios.h, linux/if.h
    private static final long SIOCGIFMTU = 0x8921L;
    private static final long SIOCGIFHWADDR = 0x8927L;
    private static final int IFREQ_BYTES = 40;
    private static final int IFREQ_NAME_BYTES = 16;
    private static final int IFREQ_VALUE = 16;
    private static final int IFREQ_MAC = 18;

    /** What tells our address from the interface's: "UK" in the second and third octet. */
    private static final long MAC_DIFFERENCE = 0x0055_4b00_0000L;

    private final String name;
    private final int fd;
    private final MemorySegment callState;
    private final MemorySegment request;

    private TapOpener(String name, int fd, MemorySegment callState, Arena arena) {
        this.name = name;
        this.fd = fd;
        this.callState = callState;
        request = arena.allocate(IFREQ_BYTES, 8);
        MemorySegment.copy(arena.allocateFrom(name), 0, request, 0, Math.min(name.length(), IFREQ_NAME_BYTES - 1));
    }

    static NetDevice open(DeviceContext context, String name) {
        MemorySegment callState = Posix.newCallState();
        int fd = Posix.open(CLONE_DEVICE, Posix.O_RDWR | Posix.O_NONBLOCK | Posix.O_CLOEXEC, callState);
        if (fd < 0) {
            throw cannotOpen(name, -fd);
        }
        try (Arena arena = Arena.ofConfined()) {
            return new TapOpener(name, fd, callState, arena).attach(context);
        } catch (RuntimeException | Error e) {
            Posix.close(fd);
            throw e;
        }
    }

    private NetDevice attach(DeviceContext context) {
        request.set(JAVA_SHORT, IFREQ_VALUE, (short) (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR));
        int attached = Posix.ioctl(fd, TUNSETIFF, request.address(), callState);
        if (attached < 0) {
            throw cannotAttach(name, -attached);
        }
        // A persistent interface remembers both from who used it before.
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocateFrom(JAVA_INT, VnetHeader.BYTES);
            check("TUNSETVNETHDRSZ", Posix.ioctl(fd, TUNSETVNETHDRSZ, size.address(), callState));
        }
        boolean offload = setOffload(context.config().get(UnixKeys.TAP_OFFLOAD));
        int mtuBytes = mtuBytes();
        MacAddress mac = context.config().find(NetDevices.MAC).orElseGet(this::derivedMac);
        LOG.info("tap:{} is open: mac {}, mtu {}, offload {}", name, mac, mtuBytes, offload);
        return new TapDevice(context, name, fd, mac, mtuBytes, offload);
    }

    private boolean setOffload(boolean wanted) {
        int all = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
        if (wanted && Posix.ioctl(fd, TUNSETOFFLOAD, all, callState) >= 0) {
            return true;
        }
        if (wanted) {
            LOG.warn("tap:{} takes no offload from this kernel", name);
        }
        check("TUNSETOFFLOAD", Posix.ioctl(fd, TUNSETOFFLOAD, 0, callState));
        return false;
    }

    private int mtuBytes() {
        int socket = check("socket", Posix.datagramSocket(callState));
        try {
            check("SIOCGIFMTU", Posix.ioctl(socket, SIOCGIFMTU, request.address(), callState));
        } finally {
            Posix.close(socket);
        }
        return request.get(JAVA_INT, IFREQ_VALUE);
    }

    private MacAddress derivedMac() {
        check("SIOCGIFHWADDR", Posix.ioctl(fd, SIOCGIFHWADDR, request.address(), callState));
        long bits = 0;
        for (int i = 0; i < 6; i++) {
            bits = (bits << 8) | (request.get(JAVA_BYTE, IFREQ_MAC + i) & 0xff);
        }
        return derive(bits);
    }

    /**
     * The address of our end: a fixed change of the interface's own address, which the kernel drew at random when the
     * interface was made. So it is another one, no two interfaces of a link get the same, and neighbours' ARP caches stay
     * valid over restarts.
     */
    static MacAddress derive(long interfaceBits) {
        return MacAddress.locallyAdministered(interfaceBits ^ MAC_DIFFERENCE);
    }

    private int check(String call, int result) {
        if (result < 0) {
            throw new DeviceException(
                    "tap:" + name + " cannot be used: " + call + " failed with " + Posix.describe(-result) + ".",
                    "It needs Linux 3.8 or later, and the interface in the network namespace of this process.",
                    null);
        }
        return result;
    }

    private static DeviceException cannotOpen(String name, int errno) {
        String what = "tap:" + name + " cannot be opened: " + CLONE_DEVICE + " gives " + Posix.describe(errno) + ".";
        return switch (errno) {
            case Posix.ENOENT, Posix.ENODEV, Posix.ENXIO ->
                new DeviceException(
                        what,
                        "The host (or its container) must offer TUN/TAP.",
                        "sudo modprobe tun, or docker run --device /dev/net/tun --cap-add NET_ADMIN");
            case Posix.EACCES, Posix.EPERM ->
                new DeviceException(
                        what,
                        "Every user may open it on most systems; it is restricted here.",
                        "sudo chmod 0666 " + CLONE_DEVICE);
            case Posix.EMFILE -> new DeviceException(what, "The process may not open more files.", "ulimit -n 65536");
            default -> new DeviceException(what, null, null);
        };
    }

    private static DeviceException cannotAttach(String name, int errno) {
        String what = "tap:" + name + " cannot be attached to: the kernel gives " + Posix.describe(errno) + ".";
        return switch (errno) {
            case Posix.EPERM, Posix.EACCES ->
                new DeviceException(
                        what,
                        "The interface must exist and belong to this user, or the process must have CAP_NET_ADMIN.",
                        createCommands(name));
            case Posix.EBUSY ->
                new DeviceException(
                        what,
                        "Another process (or another device of this one) has it open, and one at a time may.",
                        "end that process, or take another name such as tap:" + another(name));
            case Posix.EINVAL ->
                new DeviceException(
                        what,
                        "There is an interface of that name which is not a TAP with a single queue.",
                        "another name such as tap:" + another(name) + ", or sudo ip link del " + name + " && "
                                + createCommands(name));
            default -> new DeviceException(what, null, createCommands(name));
        };
    }

    private static String createCommands(String name) {
        return "sudo ip tuntap add dev " + name + " mode tap user $USER vnet_hdr"
                + " && sudo ip addr add 10.0.2.1/24 dev " + name
                + " && sudo ip link set " + name + " up";
    }

    private static String another(String name) {
        return name.equals("uk1") ? "uk2" : "uk1";
    }
}
