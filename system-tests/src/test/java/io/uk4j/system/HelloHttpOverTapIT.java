package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** hello-http over a TAP: the client is the kernel's stack at the other end. */
class HelloHttpOverTapIT extends HelloHttpSuite {
    private static final int CONNECTIONS = 10_000;
    private static final int TIME_WAIT_LIMIT = 1_000;
    private static final long GIB = 1L << 30;

    @Override
    Bed start() {
        Requirements.tap();
        return TapBed.start("hello-http", "uk.tcp.timewaitlimit=" + TIME_WAIT_LIMIT);
    }

    @Override
    long downloadBytes() {
        return GIB;
    }

    @Override
    long uploadBytes() {
        return GIB;
    }

    @Test
    void countsEachFrameOnceAsTheKernelDoes() {
        long sentBefore = kernelCounts("rx_packets");
        long receivedBefore = kernelCounts("tx_packets");
        Metrics metrics = bed().metrics();
        assertTrue(metrics.sum("uk_net_frames_sent_total") >= sentBefore, metrics::toString);
        assertTrue(metrics.sum("uk_net_frames_sent_total") <= kernelCounts("rx_packets"), metrics::toString);
        assertTrue(metrics.sum("uk_net_frames_received_total") >= receivedBefore, metrics::toString);
        assertTrue(metrics.sum("uk_net_frames_received_total") <= kernelCounts("tx_packets"), metrics::toString);
    }

    private long kernelCounts(String what) {
        return Long.parseLong(
                bed().run(Duration.ofSeconds(20), "cat", "/sys/class/net/" + TapBed.TAP + "/statistics/" + what)
                        .succeeded()
                        .strip());
    }

    @Test
    void keepsNothingOf10000Connections() {
        Metrics before = bed().metrics();
        // One by one, and every other one is ended by the server, so that TIME-WAIT is on both sides.
        int served = ((TapBed) bed()).netns().call(() -> {
            int good = 0;
            for (int i = 0; i < CONNECTIONS; i++) {
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET);
                try (HttpClient client = new HttpClient(channel.socket(), bed().service())) {
                    HttpClient.Answer answer = i % 2 == 0 ? client.get("/health") : client.getAsTheLast("/health");
                    good += answer.status() == 200 && answer.text().equals("ok\n") ? 1 : 0;
                }
            }
            return good;
        });
        assertEquals(CONNECTIONS, served);
        Metrics after = awaitLevelOf(before);
        assertTrue(after.sum("uk_tcp_accepted_total") - before.sum("uk_tcp_accepted_total") >= CONNECTIONS);
        assertTrue(after.sum("uk_tcp_time_wait") <= TIME_WAIT_LIMIT, after::toString);
        assertTrue(after.sum("uk_tcp_time_wait_evicted_total") > 0, after::toString);
        assertEquals(1, after.sum("uk_tcp_connections"), after::toString);
    }
}
