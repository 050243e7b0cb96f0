package io.uk4j.gateway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.UdpSocket;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the guest begins, and UDP both ways. */
@Timeout(120)
class OutboundTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private static Endpoint host(int port) {
        return new Endpoint(Guest.GATEWAY, port);
    }

    @Test
    void theGuestReachesTheHostAtTheGatewaysAddress() throws Exception {
        GuestHandler.Source source = new GuestHandler.Source(1, 3_000_000);
        try (Guest guest = new Guest("");
                ServerSocket server = new ServerSocket(0, 5, LOOPBACK)) {
            guest.onLoop(() -> guest.stack.tcp().connect(host(server.getLocalPort()), source));
            try (Socket peer = server.accept()) {
                var digest = GuestHandler.sha256();
                byte[] chunk = new byte[10_000];
                for (int n = peer.getInputStream().read(chunk);
                        n >= 0;
                        n = peer.getInputStream().read(chunk)) {
                    digest.update(chunk, 0, n);
                }
                assertArrayEquals(GuestHandler.digestOf(1, 3_000_000), digest.digest());
                peer.getOutputStream().write(new byte[70_000]);
            }
            Guest.await("the end", () -> source.reason == TcpCloseReason.NORMAL);
            assertEquals(70_000, source.received.value());
            assertEquals(1, guest.counter("uk_gateway_connections_total", "direction=\"out\""));
        }
    }

    @Test
    void whatTheHostRefusesIsRefusedToTheGuestBeforeItIsConnected() throws Exception {
        int closedPort;
        try (ServerSocket server = new ServerSocket(0, 5, LOOPBACK)) {
            closedPort = server.getLocalPort();
        }
        GuestHandler handler = new GuestHandler();
        try (Guest guest = new Guest("")) {
            guest.onLoop(() -> guest.stack.tcp().connect(host(closedPort), handler));
            Guest.await("the refusal", () -> handler.reason != null);
            assertEquals(TcpCloseReason.REFUSED, handler.reason);
            assertFalse(handler.connected);
            Guest.await("the count", () -> guest.counter("uk_gateway_refused_total", "by=\"host\"") == 1);
        }
    }

    @Test
    void theHostsResetReachesTheGuest() throws Exception {
        GuestHandler handler = new GuestHandler();
        try (Guest guest = new Guest("");
                ServerSocket server = new ServerSocket(0, 5, LOOPBACK)) {
            guest.onLoop(() -> guest.stack.tcp().connect(host(server.getLocalPort()), handler));
            Socket peer = server.accept();
            Guest.await("the connection", () -> handler.connected);
            peer.setSoLinger(true, 0);
            peer.close();
            Guest.await("the reset", () -> handler.reason == TcpCloseReason.RESET);
        }
    }

    @Test
    void theGuestGetsAnswersToItsDatagrams() throws Exception {
        BlockingQueue<byte[]> answers = new ArrayBlockingQueue<>(10);
        try (Guest guest = new Guest("");
                DatagramSocket server = new DatagramSocket(0, LOOPBACK)) {
            UdpSocket socket = guest.onLoop(() -> guest.stack.openUdp(0, (at, source, port, data, offset, length) -> {
                byte[] bytes = new byte[length];
                data.getBytes(offset, bytes);
                assertEquals(Guest.GATEWAY.bits(), source);
                assertEquals(server.getLocalPort(), port);
                answers.add(bytes);
            }));
            for (int size : new int[] {0, 1, 1472, 9000, 40_000}) {
                guest.onLoop(() -> {
                    var data = io.netty.buffer.Unpooled.directBuffer(Math.max(1, size))
                            .writeZero(size);
                    if (size > 0) {
                        data.setByte(size - 1, 42);
                    }
                    return socket.send(Guest.GATEWAY.bits(), server.getLocalPort(), data);
                });
                DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
                server.setSoTimeout(30_000);
                server.receive(packet);
                assertEquals(size, packet.getLength());
                server.send(packet);
                byte[] answer = answers.poll(30, TimeUnit.SECONDS);
                assertEquals(size, answer == null ? -1 : answer.length);
                if (answer != null && size > 0) {
                    assertEquals(42, answer[size - 1]);
                }
            }
            assertEquals(1, guest.counter("uk_gateway_flows", ""));
        }
    }

    @Test
    void aForwardOfDatagramsTellsPeersApart() throws Exception {
        try (Guest guest = new Guest("udp:0=53");
                DatagramSocket one = new DatagramSocket(0, LOOPBACK);
                DatagramSocket other = new DatagramSocket(0, LOOPBACK)) {
            guest.onLoop(() -> guest.stack.openUdp(53, (at, source, port, data, offset, length) -> {
                // Each gets back what he sent, and his port as the guest sees it.
                var answer = guest.pool.tryAcquire(length + 2);
                if (answer != null) {
                    answer.writeShort(port).writeBytes(data, offset, length);
                    at.send(source, port, answer);
                }
            }));
            for (DatagramSocket socket : new DatagramSocket[] {one, other, one}) {
                byte[] question = {(byte) socket.getLocalPort(), 9};
                socket.send(new DatagramPacket(question, 2, LOOPBACK, guest.device.hostUdpPort(53)));
                DatagramPacket answer = new DatagramPacket(new byte[100], 100);
                socket.setSoTimeout(30_000);
                socket.receive(answer);
                assertEquals(4, answer.getLength());
                assertEquals(socket.getLocalPort(), ((answer.getData()[0] & 0xff) << 8) | (answer.getData()[1] & 0xff));
                assertEquals((byte) socket.getLocalPort(), answer.getData()[2]);
            }
            assertEquals(2, guest.counter("uk_gateway_flows", ""));
        }
    }

    @Test
    void conversationsOverTheLimitDisplaceTheOldest() throws Exception {
        try (Guest guest = new Guest("udp:0=53", "uk.gateway.flows", "3")) {
            for (int i = 0; i < 5; i++) {
                try (DatagramSocket socket = new DatagramSocket(0, LOOPBACK)) {
                    socket.send(new DatagramPacket(new byte[1], 1, LOOPBACK, guest.device.hostUdpPort(53)));
                    long wanted = i + 1L;
                    Guest.await("the datagram", () -> guest.counter("uk_gateway_datagrams_total", "in") == wanted);
                }
            }
            assertEquals(3, guest.counter("uk_gateway_flows", ""));
            assertEquals(2, guest.counter("uk_gateway_flows_evicted_total", ""));
        }
    }
}
