package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.net.MacAddress;
import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/**
 * Frames that no honest host sends, put on the link from the kernel's side, past its stack: they are dropped, counted with
 * their reasons, and cost nothing but that.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class HostileFramesIT {
    private static final Duration LIMIT = Duration.ofSeconds(45);
    private static final String DROPPED_PACKETS = "uk_ip_packets_dropped_total";
    private static final String RECEIVED = "uk_net_frames_received_total";
    private static final int COPIES = 20;
    private static final int PACKETS = 200;
    private static final int INCOMPLETE_PACKETS_KEPT = 16;
    private static final int GARBAGE = 20_000;

    /** A TAP queues 1,000 frames for whoever reads it, and drops the rest. */
    private static final int BURST = 400;

    private TapBed bed;
    private HostileFrames frames;
    private Metrics before;

    @BeforeAll
    void start() {
        Requirements.tap();
        bed = TapBed.start("hello-http");
        bed.metrics();
        String neighbour =
                bed.netns().run("ip", "neigh", "show", TapBed.APPLIANCE).succeeded();
        frames = new HostileFrames(MacAddress.parse(neighbour.replaceFirst("(?s).*lladdr ([0-9a-f:]+).*", "$1")));
        before = bed.metrics();
    }

    @AfterAll
    void stop() {
        if (bed != null) {
            bed.close();
        }
    }

    @AfterEach
    void stillServesAndKeepsNothing() throws IOException {
        try (HttpClient client = bed.connect()) {
            assertEquals(
                    ServedBytes.sha256(1 << 20),
                    ServedBytes.sha256(client.get("/bytes/1M").text()));
        }
        awaitMetrics(
                "as many buffers are in use as at first, " + before.sum("uk_mm_pool_in_use"),
                metrics -> metrics.sum("uk_mm_pool_in_use") <= before.sum("uk_mm_pool_in_use"));
    }

    @Test
    void dropsEachKindOfBrokenFrameAndCountsItByReason() {
        Stream<Executable> kinds = frames.kinds().stream().map(kind -> () -> {
            long first = bed.metrics().sum(kind.counter(), reason(kind.reason()));
            send(Collections.nCopies(COPIES, kind.builder().build()));
            Metrics after = awaitMetrics(
                    kind.toString(), metrics -> metrics.sum(kind.counter(), reason(kind.reason())) >= first + COPIES);
            assertEquals(first + COPIES, after.sum(kind.counter(), reason(kind.reason())), kind::toString);
        });
        assertAll(kinds);
    }

    @Test
    void givesUpAPacketWhoseFragmentsOverlap() {
        Metrics first = bed.metrics();
        List<byte[]> all = new ArrayList<>();
        // No two tests use the same identifications: what overlaps is remembered for a while.
        for (int packet = 1000; packet < 1000 + PACKETS; packet++) {
            all.add(frames.part(packet, 0, true, 24));
            all.add(frames.part(packet, 16, true, 24));
            // The last one would make it whole.
            all.add(frames.part(packet, 40, false, 8));
        }
        send(all);
        awaitDropped(first, "fragment_overlap", 2 * PACKETS);
        Metrics after = bed.metrics();
        assertEquals(0, after.sum("uk_ip_reassembly_bytes"), after::toString);
        assertEquals(dropped(first, "udp_no_port"), dropped(after, "udp_no_port"), "none of them became whole");
    }

    @Test
    void takesAFragmentThatComesTwiceOnce() {
        Metrics first = bed.metrics();
        List<byte[]> all = new ArrayList<>();
        for (int packet = 2000; packet < 2000 + PACKETS; packet++) {
            all.add(frames.part(packet, 40, false, 8));
            all.add(frames.part(packet, 0, true, 40));
            all.add(all.getLast());
        }
        // The copy of a packet's second fragment begins a packet anew, as the first packet is complete by then.
        for (int packet = 2000 + PACKETS - INCOMPLETE_PACKETS_KEPT; packet < 2000 + PACKETS; packet++) {
            all.add(frames.part(packet, 0, true, 40));
            all.add(frames.part(packet, 40, false, 8));
        }
        send(all);
        awaitDropped(first, "fragment_duplicate", INCOMPLETE_PACKETS_KEPT);
        awaitDropped(first, "udp_no_port", PACKETS + INCOMPLETE_PACKETS_KEPT);
    }

    @Test
    void keepsFewIncompletePackets() {
        Metrics first = bed.metrics();
        List<byte[]> beginnings = new ArrayList<>();
        List<byte[]> ends = new ArrayList<>();
        for (int packet = 3000; packet < 3000 + PACKETS; packet++) {
            beginnings.add(frames.part(packet, 0, true, 40));
            ends.add(frames.part(packet, 40, false, 8));
        }
        send(beginnings);
        // Earlier ones that overlapped may have given way too.
        Metrics full = awaitMetrics(
                "all but the youngest are given up",
                metrics -> dropped(metrics, "fragment_evicted")
                        >= dropped(first, "fragment_evicted") + PACKETS - INCOMPLETE_PACKETS_KEPT);
        assertTrue(full.sum("uk_ip_reassembly_bytes") <= INCOMPLETE_PACKETS_KEPT * 4096, full::toString);
        send(ends.subList(PACKETS - INCOMPLETE_PACKETS_KEPT, PACKETS));
        awaitDropped(first, "udp_no_port", INCOMPLETE_PACKETS_KEPT);
    }

    @Test
    void survivesGarbage() {
        long seed = Long.getLong("uk.test.seed", System.nanoTime());
        System.out.println("HostileFramesIT: garbage with -Duk.test.seed=" + seed);
        Random random = new Random(seed);
        Metrics first = bed.metrics();
        send(Stream.generate(() -> frames.garbage(random)).limit(GARBAGE).toList());
        awaitMetrics(
                "three quarters of the garbage are dropped, seed " + seed,
                metrics -> allDropped(metrics) - allDropped(first) >= GARBAGE * 3L / 4);
    }

    private static long allDropped(Metrics metrics) {
        return metrics.sum("uk_net_frames_dropped_total")
                + metrics.sum(DROPPED_PACKETS)
                + metrics.sum("uk_tcp_segments_dropped_total");
    }

    private static long dropped(Metrics metrics, String reason) {
        return metrics.sum(DROPPED_PACKETS, reason(reason));
    }

    private static String reason(String reason) {
        return "reason=\"" + reason + '"';
    }

    private void awaitDropped(Metrics first, String reason, long packets) {
        Metrics after = awaitMetrics(
                packets + " more dropped for " + reason,
                metrics -> dropped(metrics, reason) >= dropped(first, reason) + packets);
        assertEquals(dropped(first, reason) + packets, dropped(after, reason), reason);
    }

    private Metrics awaitMetrics(String what, Predicate<Metrics> condition) {
        return bed.awaitMetrics(what, LIMIT, condition);
    }

    /** Sends frames, no faster than the appliance takes them. */
    private void send(List<byte[]> all) {
        for (int from = 0; from < all.size(); from += BURST) {
            List<byte[]> burst = all.subList(from, Math.min(from + BURST, all.size()));
            long received = bed.metrics().sum(RECEIVED);
            bed.netns().call(() -> {
                Syscalls.sendFrames(TapBed.TAP, burst);
                return true;
            });
            awaitMetrics("the frames arrived", metrics -> metrics.sum(RECEIVED) >= received + burst.size());
        }
    }
}
