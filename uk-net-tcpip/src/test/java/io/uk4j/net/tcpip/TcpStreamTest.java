package io.uk4j.net.tcpip;

import static io.uk4j.net.tcpip.TcpHosts.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Blocking streams between fibers of two simulated hosts. */
class TcpStreamTest {
    private static TcpStreams streams(TcpHosts.Host host) {
        return new TcpStreams(host.loop, host.stack.tcp());
    }

    private static void echo(TcpStream stream) {
        byte[] buffer = new byte[4096];
        for (int n = stream.read(buffer, 0, buffer.length); n >= 0; n = stream.read(buffer, 0, buffer.length)) {
            stream.write(buffer, 0, n);
        }
    }

    /** Runs a fiber of host a and waits for its end. */
    private static void inFiber(TcpHosts hosts, Runnable body) {
        boolean[] done = {false};
        Throwable[] failure = {null};
        hosts.a.loop.fibers().start("client", () -> {
            try {
                body.run();
            } catch (Throwable t) {
                failure[0] = t;
            } finally {
                done[0] = true;
            }
        });
        assertTrue(hosts.simulation.runUntil(() -> done[0], 600 * SECOND), "the fiber did not end");
        if (failure[0] != null) {
            fail(failure[0]);
        }
    }

    @Test
    void fibersTalkInBlockingStyle() {
        try (TcpHosts hosts = new TcpHosts(1)) {
            TcpServer server = streams(hosts.b).serve(hosts.b.at(7), 16, 10, TcpStreamTest::echo);
            inFiber(hosts, () -> {
                try (TcpStream stream = streams(hosts.a).connect(server.local(), Duration.ofSeconds(5))) {
                    byte[] sent = "hello\nworld\n".getBytes(StandardCharsets.US_ASCII);
                    stream.output().write(sent);
                    stream.shutdownOutput();
                    BufferedReader reader =
                            new BufferedReader(new InputStreamReader(stream.input(), StandardCharsets.US_ASCII));
                    assertEquals("hello", reader.readLine());
                    assertEquals("world", reader.readLine());
                    assertEquals(-1, reader.read());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            hosts.simulation.runFor(60 * SECOND);
            assertEquals(0, server.open());
            assertEquals(0, hosts.bytesOut());
        }
    }

    @Test
    void writesWaitForAPeerThatReadsSlowly() {
        try (TcpHosts hosts = new TcpHosts(2)) {
            long[] total = {0};
            TcpServer server = streams(hosts.b).serve(hosts.b.at(9), 16, 10, stream -> {
                byte[] buffer = new byte[100_000];
                for (int n = 0; n >= 0; n = stream.read(buffer, 0, buffer.length)) {
                    total[0] += n;
                    try {
                        hosts.b.loop.fibers().sleepUntil(hosts.simulation.nowNs() + SECOND / 20);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
            });
            inFiber(hosts, () -> {
                try (TcpStream stream = streams(hosts.a).connect(server.local(), Duration.ZERO)) {
                    byte[] block = new byte[1 << 20];
                    for (int i = 0; i < 4; i++) {
                        stream.write(block, 0, block.length);
                    }
                }
            });
            hosts.simulation.runFor(60 * SECOND);
            assertEquals(4 << 20, total[0]);
        }
    }

    @Test
    void aWriteTimesOutWhenThePeerNeverReads() {
        try (TcpHosts hosts = new TcpHosts(5)) {
            TcpServer server = streams(hosts.b).serve(hosts.b.at(9), 16, 10, stream -> {
                try {
                    hosts.b.loop.fibers().sleepUntil(hosts.simulation.nowNs() + 300 * SECOND);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            inFiber(hosts, () -> {
                try (TcpStream stream = streams(hosts.a).connect(server.local(), Duration.ZERO)) {
                    stream.writeTimeout(Duration.ofSeconds(30));
                    byte[] block = new byte[1 << 20];
                    try {
                        for (int i = 0; i < 100; i++) {
                            stream.write(block, 0, block.length);
                        }
                        fail("nobody reads");
                    } catch (TcpException e) {
                        assertEquals(TcpException.Condition.TIMED_OUT, e.condition());
                    }
                    assertTrue(hosts.simulation.nowNs() < 60 * SECOND, "it waited too long");
                }
            });
        }
    }

    @Test
    void aWriteThatGetsOnDoesNotTimeOut() {
        try (TcpHosts hosts = new TcpHosts(6)) {
            long[] total = {0};
            TcpServer server = streams(hosts.b).serve(hosts.b.at(9), 16, 10, stream -> {
                byte[] buffer = new byte[100_000];
                for (int n = 0; n >= 0; n = stream.read(buffer, 0, buffer.length)) {
                    total[0] += n;
                    try {
                        hosts.b.loop.fibers().sleepUntil(hosts.simulation.nowNs() + SECOND);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
            });
            inFiber(hosts, () -> {
                try (TcpStream stream = streams(hosts.a).connect(server.local(), Duration.ZERO)) {
                    stream.writeTimeout(Duration.ofSeconds(20));
                    byte[] block = new byte[4 << 20];
                    stream.write(block, 0, block.length);
                    assertTrue(hosts.simulation.nowNs() > 21 * SECOND, "one write took longer than its timeout");
                }
            });
            hosts.simulation.runFor(120 * SECOND);
            assertEquals(4 << 20, total[0]);
        }
    }

    @Test
    void aRefusedConnectionIsAnException() {
        try (TcpHosts hosts = new TcpHosts(3)) {
            inFiber(hosts, () -> {
                try {
                    streams(hosts.a).connect(hosts.b.at(1), Duration.ofSeconds(5));
                    fail("nobody listens");
                } catch (TcpException e) {
                    assertEquals(TcpException.Condition.REFUSED, e.condition());
                }
            });
        }
    }

    @Test
    void aConnectionAttemptTimesOut() {
        try (TcpHosts hosts = new TcpHosts(3)) {
            hosts.wire.aToB().loss(1);
            inFiber(hosts, () -> {
                try {
                    streams(hosts.a).connect(hosts.b.at(1), Duration.ofMillis(500));
                    fail("nothing arrives");
                } catch (TcpException e) {
                    assertEquals(TcpException.Condition.TIMED_OUT, e.condition());
                }
            });
            hosts.simulation.runFor(SECOND);
            assertEquals(0, hosts.a.stack.tcp().connections());
        }
    }

    @Test
    void aReadEndsWhenItsStreamIsClosedElsewhere() {
        try (TcpHosts hosts = new TcpHosts(4)) {
            TcpServer server = streams(hosts.b).serve(hosts.b.at(7), 16, 10, TcpStreamTest::echo);
            List<TcpException.Condition> seen = new ArrayList<>();
            inFiber(hosts, () -> {
                TcpStream stream = streams(hosts.a).connect(server.local(), Duration.ZERO);
                Thread reader = hosts.a.loop.fibers().start("reader", () -> {
                    try {
                        stream.read(new byte[10], 0, 10);
                    } catch (TcpException e) {
                        seen.add(e.condition());
                    }
                });
                try {
                    hosts.a.loop.fibers().sleepUntil(hosts.simulation.nowNs() + SECOND);
                    stream.close();
                    reader.join();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertEquals(List.of(TcpException.Condition.CLOSED), seen);
        }
    }

    @Test
    void aReadTimesOutAndTheStreamLives() {
        try (TcpHosts hosts = new TcpHosts(5)) {
            TcpServer server = streams(hosts.b).serve(hosts.b.at(7), 16, 10, TcpStreamTest::echo);
            inFiber(hosts, () -> {
                try (TcpStream stream = streams(hosts.a).connect(server.local(), Duration.ZERO)) {
                    stream.readTimeout(Duration.ofMillis(300));
                    try {
                        stream.read(new byte[1], 0, 1);
                        fail("nothing was sent");
                    } catch (TcpException e) {
                        assertEquals(TcpException.Condition.TIMED_OUT, e.condition());
                    }
                    stream.write(new byte[] {42}, 0, 1);
                    byte[] answer = new byte[1];
                    assertEquals(1, stream.read(answer, 0, 1));
                    assertEquals(42, answer[0]);
                }
            });
        }
    }

    @Test
    void acceptsInTheOrderOfComingAndNoMoreThanTheLimit() {
        try (TcpHosts hosts = new TcpHosts(6)) {
            TcpServer server = streams(hosts.b).listen(hosts.b.at(5), 16, 2);
            List<Integer> accepted = new ArrayList<>();
            hosts.b.loop.fibers().start("server", () -> {
                for (int i = 0; i < 3; i++) {
                    TcpStream stream = server.accept();
                    byte[] one = new byte[1];
                    stream.read(one, 0, 1);
                    accepted.add((int) one[0]);
                    stream.close();
                }
            });
            inFiber(hosts, () -> {
                List<TcpStream> clients = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    TcpStream client = streams(hosts.a).connect(server.local(), Duration.ZERO);
                    client.write(new byte[] {(byte) i}, 0, 1);
                    clients.add(client);
                }
                for (TcpStream client : clients) {
                    assertEquals(-1, client.read(new byte[1], 0, 1));
                    client.close();
                }
            });
            assertEquals(List.of(0, 1, 2), accepted);
            server.close();
            inFiber(hosts, () -> {
                try {
                    server.accept();
                    fail("the server is closed");
                } catch (TcpException e) {
                    assertEquals(TcpException.Condition.CLOSED, e.condition());
                }
            });
        }
    }
}
