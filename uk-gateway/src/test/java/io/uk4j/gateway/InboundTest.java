package io.uk4j.gateway;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections of the host's clients to the guest, over real sockets. */
@Timeout(120)
class InboundTest {
    private static final long SEED = 20_250_117;

    private static byte[] readAll(InputStream in) throws IOException {
        MessageDigest digest = GuestHandler.sha256();
        byte[] chunk = new byte[65_536];
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            digest.update(chunk, 0, n);
        }
        return digest.digest();
    }

    private static byte[] writeAll(OutputStream out, long bytes) throws IOException {
        SplittableRandom random = new SplittableRandom(SEED);
        byte[] chunk = new byte[8192];
        for (long left = bytes; left > 0; left -= chunk.length) {
            random.nextBytes(chunk);
            out.write(chunk, 0, (int) Math.min(left, chunk.length));
        }
        return GuestHandler.digestOf(SEED, bytes);
    }

    private static TcpConnection connection(GuestHandler handler) {
        return Objects.requireNonNull(handler.connection);
    }

    @Test
    void echoesAndEndsInOrder() throws Exception {
        GuestHandler.Echo echo = new GuestHandler.Echo();
        try (Guest guest = new Guest("0=80")) {
            guest.listen(80, echo::on);
            try (Socket client = guest.connect(80)) {
                client.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
                assertEquals("hello", new String(client.getInputStream().readNBytes(5), StandardCharsets.US_ASCII));
                client.shutdownOutput();
                assertEquals(-1, client.getInputStream().read());
            }
            Guest.await("the end", () -> echo.reason != null);
            assertEquals(TcpCloseReason.NORMAL, echo.reason);
            Guest.await("the relay's end", () -> guest.counter("uk_gateway_connections", "") == 0);
            assertEquals(1, guest.counter("uk_gateway_connections_total", "direction=\"in\""));
            assertEquals(5, guest.counter("uk_gateway_bytes_total", "direction=\"in\""));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1 << 20, 100 << 20})
    void carriesManyBytesBothWaysIntact(long bytes) throws Exception {
        GuestHandler sink = new GuestHandler();
        GuestHandler.Source source = new GuestHandler.Source(SEED, bytes);
        try (Guest guest = new Guest("0=80,0=81")) {
            guest.listen(80, sink::on);
            guest.listen(81, source::started);
            try (Socket up = guest.connect(80);
                    Socket down = guest.connect(81)) {
                byte[][] read = new byte[1][];
                Thread reader = Thread.ofPlatform().start(() -> {
                    try {
                        read[0] = readAll(down.getInputStream());
                    } catch (IOException e) {
                        read[0] = new byte[0];
                    }
                });
                byte[] sent = writeAll(up.getOutputStream(), bytes);
                up.shutdownOutput();
                Guest.await("everything at the guest", () -> sink.peerClosed);
                assertArrayEquals(sent, guest.onLoop(sink.digest::digest));
                reader.join();
                assertArrayEquals(GuestHandler.digestOf(SEED, bytes), read[0]);
            }
        }
    }

    @Test
    void theClientEndsFirstAndTheGuestGoesOn() throws Exception {
        GuestHandler handler = new GuestHandler();
        try (Guest guest = new Guest("0=80")) {
            guest.listen(80, handler::on);
            try (Socket client = guest.connect(80)) {
                client.shutdownOutput();
                Guest.await("the client's end", () -> handler.peerClosed);
                guest.onLoop(() -> connection(handler).write(new byte[] {1, 2, 3}, 0, 3));
                assertArrayEquals(new byte[] {1, 2, 3}, client.getInputStream().readNBytes(3));
                guest.onLoop(() -> {
                    connection(handler).shutdownOutput();
                    return true;
                });
                assertEquals(-1, client.getInputStream().read());
                Guest.await("the end", () -> handler.reason == TcpCloseReason.NORMAL);
            }
        }
    }

    @Test
    void theGuestEndsFirstAndTheClientGoesOn() throws Exception {
        GuestHandler handler = new GuestHandler();
        try (Guest guest = new Guest("0=80")) {
            guest.listen(80, handler::on);
            try (Socket client = guest.connect(80)) {
                Guest.await("the connection", () -> handler.connection != null);
                guest.onLoop(() -> {
                    connection(handler).shutdownOutput();
                    return true;
                });
                assertEquals(-1, client.getInputStream().read());
                client.getOutputStream().write(new byte[1000]);
                Guest.await("what the client still sends", () -> handler.received.value() == 1000);
                client.shutdownOutput();
                Guest.await("the end", () -> handler.reason == TcpCloseReason.NORMAL);
            }
        }
    }

    @Test
    void theClientsResetReachesTheGuest() throws Exception {
        GuestHandler handler = new GuestHandler();
        try (Guest guest = new Guest("0=80")) {
            guest.listen(80, handler::on);
            Socket client = guest.connect(80);
            client.getOutputStream().write(1);
            Guest.await("a byte", () -> handler.received.value() == 1);
            client.setSoLinger(true, 0);
            client.close();
            Guest.await("the reset", () -> handler.reason == TcpCloseReason.RESET);
        }
    }

    @Test
    void theGuestsResetReachesTheClient() throws Exception {
        GuestHandler handler = new GuestHandler();
        try (Guest guest = new Guest("0=80")) {
            guest.listen(80, handler::on);
            try (Socket client = guest.connect(80)) {
                Guest.await("the connection", () -> handler.connection != null);
                guest.onLoop(() -> {
                    connection(handler).abort();
                    return true;
                });
                assertThrows(IOException.class, () -> client.getInputStream().read());
            }
        }
    }

    @Test
    void aClosedPortOfTheGuestIsAResetOfTheClient() throws Exception {
        try (Guest guest = new Guest("0=80")) {
            try (Socket client = guest.connect(80)) {
                assertThrows(IOException.class, () -> client.getInputStream().read());
            }
            assertEquals(1, guest.counter("uk_gateway_refused_total", "by=\"guest\""));
        }
    }

    @Test
    void servesTwoHundredAtATime() throws Exception {
        try (Guest guest = new Guest("0=80")) {
            guest.listen(80, connection -> new GuestHandler.Echo().on(connection));
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                clients.add(guest.connect(80));
            }
            byte[] message = new byte[3000];
            for (int i = 0; i < 200; i++) {
                message[0] = (byte) i;
                clients.get(i).getOutputStream().write(message);
            }
            for (int i = 0; i < 200; i++) {
                byte[] answer = clients.get(i).getInputStream().readNBytes(3000);
                assertEquals(3000, answer.length);
                assertEquals((byte) i, answer[0]);
            }
            assertEquals(200, guest.counter("uk_gateway_connections", ""));
            for (Socket client : clients) {
                client.close();
            }
            Guest.await("all relays' end", () -> guest.counter("uk_gateway_connections", "") == 0);
        }
    }

    @Test
    void resetsConnectionsOverTheLimitAndServesTheNextOnes() throws Exception {
        try (Guest guest = new Guest("0=80", "uk.gateway.connections", "2")) {
            guest.listen(80, connection -> new GuestHandler.Echo().on(connection));
            try (Socket first = guest.connect(80);
                    Socket second = guest.connect(80);
                    Socket third = guest.connect(80)) {
                assertThrows(IOException.class, () -> third.getInputStream().read());
                first.getOutputStream().write(7);
                assertEquals(7, first.getInputStream().read());
                second.shutdownOutput();
                Guest.await("a free place", () -> guest.counter("uk_gateway_connections", "") == 1);
            }
            assertEquals(1, guest.counter("uk_gateway_refused_total", "by=\"limit\""));
        }
    }

    @Test
    void clientsThatDoNotReadStopNobodyElse() throws Exception {
        try (Guest guest = new Guest("0=80,0=81", "uk.gateway.pool", "8M")) {
            guest.listen(80, connection -> new GuestHandler.Echo().on(connection));
            guest.listen(81, connection -> new GuestHandler.Source(SEED, 1L << 40).started(connection));
            List<Socket> slow = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                slow.add(guest.connect(81));
            }
            Guest.await("full sockets", () -> guest.counter("uk_mm_pool_in_use", "loop=\"gateway\"") > 100);
            try (Socket client = guest.connect(80)) {
                for (int i = 0; i < 100; i++) {
                    client.getOutputStream().write(i);
                    assertEquals(i, client.getInputStream().read());
                }
            }
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void closingInTheMiddleOfTransfersLeavesNothing() throws Exception {
        Guest guest = new Guest("0=80,0=81");
        guest.listen(80, connection -> new GuestHandler().on(connection));
        guest.listen(81, connection -> new GuestHandler.Source(SEED, 1L << 40).started(connection));
        try (Socket up = guest.connect(80);
                Socket down = guest.connect(81)) {
            Thread writer = Thread.ofPlatform().start(() -> {
                try {
                    writeAll(up.getOutputStream(), 1L << 40);
                } catch (IOException _) {
                    // What ends it is the end of the gateway.
                }
            });
            assertEquals(1 << 20, down.getInputStream().readNBytes(1 << 20).length);
            assertEquals(1, Guest.gatewayThreads());

            guest.close();

            writer.join();
            assertThrows(IOException.class, () -> readAll(down.getInputStream()));
        }
        Guest.await("the thread's end", () -> Guest.gatewayThreads() == 0);
        assertTrue(guest.counter("uk_gateway_bytes_total", "direction=\"out\"") > 0);
    }
}
