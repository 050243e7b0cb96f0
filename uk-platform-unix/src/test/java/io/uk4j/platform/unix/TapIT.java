package io.uk4j.platform.unix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Waiter;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.mm.PacketPool;
import io.uk4j.testkit.Requirements;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A TAP interface against the kernel's own stack, which sits at its other end in a network namespace of its own. */
@Timeout(30)
class TapIT {
    private static final String NAMESPACE = "uk4jtap" + ProcessHandle.current().pid() % 100_000;
    private static final String TAP = "ukt" + ProcessHandle.current().pid() % 100_000;
    private static final long LIMIT_NS = 20_000_000_000L;
    private static final int OUR_IP = 0x0a4d_1d02;

    private static final String ECHO_CLIENT = """
            import socket, struct
            def checksum(b):
                s = sum(struct.unpack('!%dH' % (len(b) // 2), b))
                s = (s >> 16) + (s & 0xffff)
                return ~(s + (s >> 16)) & 0xffff
            s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            s.settimeout(5)
            for i in range(3):
                p = struct.pack('!BBHHH', 8, 0, 0, 7, i) + b'uk4j' * 200
                p = p[:2] + struct.pack('!H', checksum(p)) + p[4:]
                s.sendto(p, ('10.77.29.2', 0))
                r = s.recv(2000)[20:]
                assert r[0] == 0 and checksum(r) == 0 and r[4:] == p[4:], r
            print('3 echoes')
            """;
    private static final String TCP_CLIENT = """
            import socket
            s = socket.create_connection(('10.77.29.2', 7777), 5)
            s.sendall(b'x' * 14000)
            n = 0
            while n < 5000:
                n += len(s.recv(65536))
            print('received', n)
            """;
    private static final String DATAGRAM_CLIENT = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            for i in range(100):
                s.sendto(b'x' * 100, ('10.77.29.255', 9))
            """;

    private final UnixPlatform platform = UnixPlatform.builder().portable(false).build();
    private final MetricRegistry counters = new MetricRegistry();
    private final FrameBatch in = new FrameBatch();
    private final FrameBatch out = new FrameBatch();
    private final long startNs = platform.clock().nowNs();
    private PacketPool pool = Contexts.pool(platform, 64, 32);

    @BeforeEach
    void makeNamespace() {
        Requirements.tap("python3", "setpriv");
        Host.run("ip netns add " + NAMESPACE);
    }

    @AfterEach
    void removeNamespace() {
        in.clear();
        out.clear();
        assertEquals(0, pool.inUse(), "every buffer came back");
        platform.close();
        Host.start("ip link del " + TAP).onExit().join();
        Host.start("ip netns del " + NAMESPACE).onExit().join();
    }

    @Test
    void carriesArpAndEchoBothWays() {
        try (NetDevice tap = openInNamespace();
                Waiter waiter = platform.newWaiter()) {
            waiter.register(tap.source());
            Process client = python(ECHO_CLIENT);
            int echoes = 0;
            while (client.isAlive()) {
                receiveOrWait(tap, waiter);
                while (!in.isEmpty()) {
                    long from = Frames.sourceMac(in);
                    if (Frames.answer(in, out, pool, tap.info().mac(), OUR_IP)) {
                        echoes += Frames.isEcho(out) ? 1 : 0;
                        assertEquals(TapOpener.derive(from), tap.info().mac());
                        assertEquals(1, tap.offer(out));
                    }
                }
            }
            assertEquals("3 echoes\n", Host.output(client));
            assertEquals(3, echoes);
        }
    }

    @Test
    void carriesSegmentsLongerThanTheMtuBothWays() {
        try (NetDevice tap = openInNamespace();
                Waiter waiter = platform.newWaiter()) {
            waiter.register(tap.source());
            KernelTcp tcp = new KernelTcp(pool, tap.info().mac());
            Process client = python(TCP_CLIENT);
            while (client.isAlive()) {
                receiveOrWait(tap, waiter);
                while (!in.isEmpty()) {
                    if (in.buffer(0, 0).getUnsignedShort(in.offset(0, 0) + 12) == 0x0806) {
                        Frames.answer(in, out, pool, tap.info().mac(), OUR_IP);
                    } else {
                        tcp.answer(in, out, 5000);
                    }
                    tap.offer(out);
                    assertTrue(out.isEmpty());
                }
            }
            String text = Host.output(client);
            assertTrue(text.startsWith("received "), text);
            assertEquals(14_000, tcp.received());
            assertTrue(tcp.longestFrameBytes() > 1514, "longest " + tcp.longestFrameBytes());
            assertEquals(FrameBatch.GSO_TCPV4, tcp.gsoTypes());
        }
    }

    @Test
    void withoutOffloadNoFrameIsLongerThanTheMtu() {
        try (NetDevice tap = openInNamespace("uk.tap.offload=false", "uk.net.mac=02:00:00:00:77:01")) {
            assertEquals(0, tap.info().offloads());
            assertEquals(1514, tap.info().maxFrameBytes());
            assertEquals(MacAddress.parse("02:00:00:00:77:01"), tap.info().mac());
            append(1514, FrameBatch.NEEDS_CHECKSUM);
            append(1519, 0);
            append(1514, 0);
            assertEquals(3, tap.offer(out));
            assertFalse(counters.text().contains("uk_net_frames_sent_total"), "the stack counts what it sends");
            assertEquals(2, dropped("unfit"));
        }
    }

    @Test
    void leavesFramesWithTheKernelWhileThePoolIsEmpty() {
        pool = Contexts.pool(platform, 3, 0);
        try (NetDevice tap = openInNamespace();
                Waiter waiter = platform.newWaiter()) {
            waiter.register(tap.source());
            assertEquals(0, python(DATAGRAM_CLIENT).onExit().join().exitValue());
            while (in.frames() < 3) {
                receiveOrWait(tap, waiter);
            }
            assertEquals(0, tap.poll(in));
            assertFalse(tap.arm());
            assertFalse(waiter.await(platform.clock().nowNs() + 1_000_000), "input that cannot be read wakes nobody");
            in.releaseFirst(1);
            assertTrue(tap.arm(), "a buffer came back");
            assertEquals(1, tap.poll(in));
        }
    }

    @Test
    void cutsOffAndCountsWhatThePoolHasNoLargeBuffersFor() {
        pool = Contexts.pool(platform, 2, 0);
        Host.run("ip tuntap add dev " + TAP + " mode tap vnet_hdr");
        Host.run("ip link set " + TAP + " mtu 9000");
        try (NetDevice tap = openInNamespace();
                Waiter waiter = platform.newWaiter()) {
            waiter.register(tap.source());
            assertEquals(
                    0,
                    python(DATAGRAM_CLIENT.replace("* 100,", "* 5000,"))
                            .onExit()
                            .join()
                            .exitValue());
            while (dropped("truncated") < 100) {
                receiveOrWait(tap, waiter);
                in.clear();
            }
        }
    }

    @Test
    void countsFramesForAnInterfaceThatIsDown() {
        try (NetDevice tap = open(TAP)) {
            append(60, 0);
            assertEquals(1, tap.offer(out));
            assertEquals(1, dropped("interface_down"));
        }
    }

    @Test
    void reportsAnInterfaceThatWasDeleted() {
        try (NetDevice tap = openInNamespace();
                Waiter waiter = platform.newWaiter()) {
            waiter.register(tap.source());
            Host.run("ip -n " + NAMESPACE + " link del " + TAP);
            assertTrue(waiter.await(platform.clock().nowNs() + 5_000_000_000L));
            assertTrue(assertThrows(DeviceException.class, () -> tap.poll(in))
                    .getMessage()
                    .contains("is gone"));
            append(60, 0);
            assertThrows(DeviceException.class, () -> tap.offer(out));
            assertEquals(1, out.frames(), "a frame that was not accepted stays");
        }
    }

    @Test
    void closingReleasesTheInterface() {
        NetDevice tap = open(TAP);
        DeviceException busy = assertThrows(DeviceException.class, () -> open(TAP));
        assertTrue(busy.getMessage().contains("EBUSY"), busy.getMessage());
        tap.close();
        tap.close();
        assertNotEquals(0, Host.start("ip link show " + TAP).onExit().join().exitValue());
    }

    @Test
    void refusesAnInterfaceThatIsNoTap() {
        DeviceException e = assertThrows(DeviceException.class, () -> open("lo"));
        assertTrue(e.getMessage().contains("EINVAL"), e.getMessage());
        assertEquals(3, e.getMessage().lines().count());
    }

    @Test
    void attachesToAPersistentInterfaceAndKeepsItsAddressOverRestarts() {
        Host.run("ip tuntap add dev " + TAP + " mode tap vnet_hdr");
        Host.run("ip link set " + TAP + " mtu 9000");
        MacAddress first;
        try (NetDevice tap = open(TAP)) {
            first = tap.info().mac();
            assertEquals(9000, tap.info().mtuBytes());
            assertTrue(tap.info().has(NetDeviceInfo.OFFLOAD_TSO4 | NetDeviceInfo.OFFLOAD_RX_LARGE));
        }
        try (NetDevice tap = open(TAP, "uk.tap.offload=false")) {
            assertEquals(first, tap.info().mac());
            assertEquals(9014, tap.info().maxFrameBytes());
        }
    }

    @Test
    void anOrdinaryUserAttachesToAnInterfaceOfItsOwnAndIsToldHowToMakeOne() {
        String refusal = asNobody(TAP);
        assertTrue(refusal.contains("EPERM"), refusal);
        assertTrue(refusal.contains("ip tuntap add dev " + TAP + " mode tap user $USER vnet_hdr"), refusal);
        Host.run("ip tuntap add dev " + TAP + " mode tap user 65534 vnet_hdr");
        assertTrue(asNobody(TAP).contains("opened\n"));
    }

    /** Opens the interface in a JVM of a user without CAP_NET_ADMIN. */
    private static String asNobody(String name) {
        // It may open every file (the class path in a home, a restricted /dev/net/tun); that attaches to no interface.
        List<String> command = new ArrayList<>(List.of(
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--inh-caps=-all,+dac_override",
                "--ambient-caps=-all,+dac_override"));
        command.addAll(Child.command(List.of("--enable-native-access=ALL-UNNAMED"), "tap", name));
        return Host.output(Host.start(command));
    }

    private void receiveOrWait(NetDevice tap, Waiter waiter) {
        assertTrue(platform.clock().nowNs() - startNs < LIMIT_NS, "too long for anything that comes at all");
        if (tap.poll(in) == 0 && !tap.arm()) {
            waiter.await(platform.clock().nowNs() + 20_000_000);
        }
    }

    private void append(int bytes, int flags) {
        ByteBuf buffer = Objects.requireNonNull(pool.tryAcquire(bytes));
        buffer.setZero(buffer.writerIndex(), bytes);
        out.append(buffer, buffer.writerIndex(), bytes);
        out.offload(flags, FrameBatch.GSO_NONE, 0, 0, 34, 16);
        out.endFrame();
    }

    private long dropped(String reason) {
        return counters.with("device", TAP)
                .with("reason", reason)
                .counter("uk_net_frames_dropped_total", "")
                .value();
    }

    private static Process python(String script) {
        return Host.start(List.of("ip", "netns", "exec", NAMESPACE, "python3", "-c", script));
    }

    private NetDevice open(String name, String... settings) {
        return new TapProvider().open(Contexts.context(platform, counters, pool, settings), name);
    }

    /** Opens the interface where this process is, and gives its other end to the namespace: the descriptor stays. */
    private NetDevice openInNamespace(String... settings) {
        NetDevice tap = open(TAP, settings);
        Host.run("ip link set " + TAP + " netns " + NAMESPACE);
        Host.run("ip -n " + NAMESPACE + " addr add 10.77.29.1/24 brd 10.77.29.255 dev " + TAP);
        Host.run("ip -n " + NAMESPACE + " link set " + TAP + " up");
        return tap;
    }
}
