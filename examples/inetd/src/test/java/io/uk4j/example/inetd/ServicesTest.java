package io.uk4j.example.inetd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.NetDevice;
import io.uk4j.mm.PacketPool;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Prefix;
import io.uk4j.net.tcpip.NetStack;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;
import io.uk4j.net.tcpip.UdpSocket;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import io.uk4j.sched.Loop;
import io.uk4j.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The services on a stack of their own, and a client on another, in virtual time. */
class ServicesTest {
    private static final long SECOND_NS = 1_000_000_000L;

    private final Simulation simulation = new Simulation(1);
    private final Host server = new Host("server");
    private final Host client = new Host("client");
    private final Wire wire = Wire.builder(simulation).build(server.pool, client.pool);
    private final NetStack serverStack = server.stack(wire.a(), "10.0.0.1/24");
    private final NetStack clientStack = client.stack(wire.b(), "10.0.0.2/24");
    private final Services services = new Services(server.platform, server.pool, server.counters);

    ServicesTest() {
        services.open(serverStack.tcp());
        services.open(serverStack::openUdp);
    }

    private final class Host {
        private final SimPlatform platform;
        private final Loop loop;
        private final PacketPool pool;
        private final MetricRegistry counters = new MetricRegistry();

        Host(String name) {
            platform = new SimPlatform(simulation, name);
            loop = Loop.builder(platform).name(name).build();
            pool = PacketPool.builder(platform.pages()).budgetBytes(16L << 20).build();
            simulation.add(name, loop);
        }

        NetStack stack(NetDevice device, String address) {
            return NetStack.builder(loop, device, pool)
                    .address(Ipv4Prefix.parse(address))
                    .entropy(platform.entropy())
                    .counters(counters)
                    .build();
        }
    }

    /** Sends some bytes and ends its side; reads, once it is told to. */
    private static final class Client implements TcpHandler {
        private final byte[] data;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private final long enough;
        private boolean reads = true;
        private int sent;
        private @Nullable TcpCloseReason closed;

        Client(byte[] data, long enough) {
            this.data = data;
            this.enough = enough;
        }

        private void send(TcpConnection connection) {
            sent += connection.write(data, sent, data.length - sent);
            if (sent == data.length) {
                connection.shutdownOutput();
            }
        }

        void read(TcpConnection connection) {
            reads = true;
            connection.receive((buffer, offset, length) -> {
                byte[] bytes = new byte[length];
                buffer.getBytes(offset, bytes);
                received.writeBytes(bytes);
                return length;
            });
            if (received.size() >= enough) {
                connection.abort();
            }
        }

        @Override
        public void onConnected(TcpConnection connection) {
            send(connection);
        }

        @Override
        public void onWritable(TcpConnection connection) {
            send(connection);
        }

        @Override
        public void onReadable(TcpConnection connection) {
            if (reads) {
                read(connection);
            }
        }

        @Override
        public void onClosed(TcpConnection connection, TcpCloseReason reason) {
            closed = reason;
        }
    }

    private TcpConnection connect(int port, Client handler) {
        return clientStack.tcp().connect(new Endpoint(serverStack.address().address(), port), handler);
    }

    private void awaitClosed(Client handler) {
        assertTrue(simulation.runUntil(() -> handler.closed != null, simulation.nowNs() + 60 * SECOND_NS));
    }

    @AfterEach
    void leavesNoBufferBehind() {
        services.close();
        serverStack.close();
        clientStack.close();
        wire.close();
        LeakCheck.assertAllBack(server.pool);
        LeakCheck.assertAllBack(client.pool);
    }

    @Test
    void echoWaitsForAClientThatDoesNotRead() {
        byte[] data = new byte[4 << 20];
        simulation.random("data").nextBytes(data);
        Client handler = new Client(data, Long.MAX_VALUE);
        handler.reads = false;
        TcpConnection connection = connect(Services.ECHO, handler);
        simulation.runUntil(() -> false, simulation.nowNs() + 5 * SECOND_NS);
        int stalledAt = handler.sent;
        assertTrue(stalledAt < data.length, "It took all of " + stalledAt);
        simulation.runUntil(() -> false, simulation.nowNs() + 5 * SECOND_NS);
        assertEquals(stalledAt, handler.sent, "It goes on to take what it cannot send.");
        handler.read(connection);
        awaitClosed(handler);
        assertEquals(TcpCloseReason.NORMAL, handler.closed);
        assertTrue(Arrays.equals(data, handler.received.toByteArray()));
    }

    @Test
    void echoSendsAllBackToAClientThatEndsItsSideBeforeItReads() {
        // More than the way back holds, less than both ways hold: the client's end arrives before its data is read.
        byte[] data = new byte[1_500_000];
        simulation.random("data").nextBytes(data);
        Client handler = new Client(data, Long.MAX_VALUE);
        handler.reads = false;
        TcpConnection connection = connect(Services.ECHO, handler);
        simulation.runUntil(() -> false, simulation.nowNs() + 5 * SECOND_NS);
        assertEquals(data.length, handler.sent);
        handler.read(connection);
        awaitClosed(handler);
        assertEquals(TcpCloseReason.NORMAL, handler.closed);
        assertTrue(Arrays.equals(data, handler.received.toByteArray()), "of " + handler.received.size() + " bytes");
    }

    @Test
    void discardTakesEverythingAndSaysNothing() {
        Client handler = new Client(new byte[1 << 20], Long.MAX_VALUE);
        connect(Services.DISCARD, handler);
        awaitClosed(handler);
        assertEquals(TcpCloseReason.NORMAL, handler.closed);
        assertEquals(0, handler.received.size());
    }

    @Test
    void daytimeSaysOneLineWhateverItIsTold() {
        Client handler = new Client(new byte[1000], Long.MAX_VALUE);
        connect(Services.DAYTIME, handler);
        awaitClosed(handler);
        assertEquals(TcpCloseReason.NORMAL, handler.closed);
        String line = handler.received.toString(StandardCharsets.US_ASCII);
        assertTrue(line.endsWith("-UTC\r\n") && line.lines().count() == 1, line);
    }

    @Test
    void chargenGoesOnUntilItsClientHasEnough() {
        Client handler = new Client(new byte[10], 1 << 20);
        connect(Services.CHARGEN, handler);
        awaitClosed(handler);
        byte[] received = handler.received.toByteArray();
        for (int i = 0; i < received.length; i++) {
            assertEquals(CharacterLines.at(i), received[i]);
        }
    }

    private List<String> ask(int fromPort, int port, String text) {
        List<String> answers = new ArrayList<>();
        try (UdpSocket socket = clientStack.openUdp(
                fromPort,
                (_, _, _, data, offset, length) ->
                        answers.add(data.toString(offset, length, StandardCharsets.US_ASCII)))) {
            ByteBuf question = client.pool.tryAcquire(100);
            assertTrue(question != null);
            question.writeCharSequence(text, StandardCharsets.US_ASCII);
            socket.send(serverStack.address().address().bits(), port, question);
            simulation.runUntil(() -> !answers.isEmpty(), simulation.nowNs() + SECOND_NS);
        }
        return answers;
    }

    @Test
    void answersDatagramsOnce() {
        assertEquals(List.of("hallo"), ask(0, Services.ECHO, "hallo"));
        assertEquals(List.of(""), ask(0, Services.ECHO, ""));
        assertEquals(List.of(), ask(0, Services.DISCARD, "hallo"));
        assertTrue(ask(0, Services.DAYTIME, "").getFirst().endsWith("-UTC\r\n"));
        for (int i = 0; i < 20; i++) {
            String answer = ask(0, Services.CHARGEN, "").getFirst();
            assertTrue(answer.length() <= 512, answer);
            assertFalse(answer.chars().anyMatch(c -> c > '~'), answer);
        }
    }

    @Test
    void doesNotTalkToOtherServices() {
        assertEquals(List.of(), ask(Services.CHARGEN, Services.ECHO, "hallo"));
        assertEquals(
                1,
                server.counters
                        .with("service", "echo")
                        .counter("inetd_datagrams_refused_total", "")
                        .value());
    }
}
