package io.uk4j.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Duty;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link Channel} and the {@link WaitQueue} below it. */
@Timeout(60)
class ChannelTest {
    private final TestPlatform virtual = TestPlatform.virtual();
    private final Loop stepped = Loop.builder(virtual).build();
    private final List<String> seen = new ArrayList<>();

    @BeforeEach
    void theTestCarriesFibers() {
        assertEquals(FiberMode.LOOP, stepped.fibers().mode());
    }

    @AfterEach
    void closeLoop() {
        stepped.close();
    }

    private interface Body {
        void run() throws InterruptedException;
    }

    private void fiber(Loop loop, Body body) {
        Thread _ = loop.fibers().start("fiber", () -> {
            try {
                body.run();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "AUTO")
    void everyItemArrivesOnceAndThoseOfASenderInOrder(FiberMode mode) throws InterruptedException {
        int senders = 4;
        int items = 1_000;
        ConcurrentLinkedQueue<Integer> received = new ConcurrentLinkedQueue<>();
        AtomicInteger sending = new AtomicInteger(senders);
        AtomicBoolean refused = new AtomicBoolean();
        try (Loop loop = Loop.builder(TestPlatform.real())
                .fiberMode(mode)
                .closeGrace(Duration.ofSeconds(30))
                .build()
                .start()) {
            Channel<Integer> channel = new Channel<>(loop, 7);
            for (int s = 0; s < senders; s++) {
                int sender = s;
                fiber(loop, () -> {
                    for (int i = 0; i < items; i++) {
                        if (!channel.send(sender * items + i)) {
                            refused.set(true);
                        }
                    }
                    if (sending.decrementAndGet() == 0) {
                        loop.execute(channel::close);
                    }
                });
            }
            Thread receiver = loop.fibers().start("receiver", () -> {
                try {
                    for (Integer item = channel.receive(); item != null; item = channel.receive()) {
                        received.add(item);
                    }
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            receiver.join();
        }
        assertFalse(refused.get());
        assertEquals(senders * items, received.size());
        for (int s = 0; s < senders; s++) {
            int sender = s;
            List<Integer> own =
                    received.stream().filter(i -> i / items == sender).toList();
            assertEquals(own.stream().sorted().distinct().toList(), own);
        }
    }

    @Test
    void sendersWaitForSpaceFirstComeFirstServed() {
        Channel<String> channel = new Channel<>(stepped, 1);
        for (String item : List.of("a", "b", "c")) {
            fiber(stepped, () -> {
                boolean _ = channel.send(item);
                seen.add("sent " + item);
            });
        }
        virtual.runOut(stepped);
        assertEquals(List.of("sent a"), seen);
        assertEquals("a", channel.tryReceive());
        virtual.runOut(stepped);
        assertEquals(List.of("sent a", "sent b"), seen);
        assertFalse(channel.offer("x"), "full");
        assertEquals("b", channel.tryReceive());
        assertEquals("c", channel.tryReceive());
        assertNull(channel.tryReceive());
    }

    @Test
    void closingRefusesSendersAndLetsReceiversHaveTheRest() {
        Channel<String> channel = new Channel<>(stepped, 1);
        fiber(stepped, () -> seen.add("first taken: " + channel.send("first")));
        fiber(stepped, () -> seen.add("second taken: " + channel.send("second")));
        virtual.runOut(stepped);
        channel.close();
        channel.close();
        fiber(stepped, () -> seen.add("received " + channel.receive()));
        fiber(stepped, () -> seen.add("received " + channel.receive()));
        virtual.runOut(stepped);
        assertEquals(List.of("first taken: true", "second taken: false", "received first", "received null"), seen);
        assertTrue(channel.isClosed());
    }

    @Test
    void aCallbackMayOfferToAFiberThatWaits() {
        Channel<String> channel = new Channel<>(stepped, 1);
        fiber(stepped, () -> seen.add("received " + channel.receive()));
        stepped.newTimer(() -> seen.add("offered: " + channel.offer("item"))).schedule(1_000);
        virtual.runOut(stepped);
        assertEquals(List.of("offered: true", "received item"), seen);
    }

    @Test
    void aSignalLetsTheLongestWaitingGoOnAndSignalAllTheRest() {
        WaitQueue queue = new WaitQueue(stepped);
        for (String name : List.of("a", "b", "c")) {
            fiber(stepped, () -> {
                queue.await();
                seen.add(name);
            });
        }
        virtual.runOut(stepped);
        assertEquals(3, queue.size());
        assertTrue(queue.signal());
        virtual.runOut(stepped);
        assertEquals(List.of("a"), seen);
        assertEquals(2, queue.signalAll());
        assertFalse(queue.signal());
        virtual.runOut(stepped);
        assertEquals(List.of("a", "b", "c"), seen);
    }

    @Test
    void aWaitEndsAtItsDeadlineByTheLoopsClock() {
        WaitQueue queue = new WaitQueue(stepped);
        fiber(stepped, () -> seen.add(queue.await(5_000_000_000L) + " at " + virtual.nowNs()));
        virtual.runOut(stepped);
        assertEquals(List.of("false at 5000000000"), seen);
        assertEquals(0, queue.size());
    }

    @Test
    void aSignalGoesToTheFirstWhoseConditionHolds() {
        WaitQueue queue = new WaitQueue(stepped);
        int[] level = {0};
        for (int needed : new int[] {3, 1, 2}) {
            fiber(
                    stepped,
                    () -> seen.add(needed + ": " + queue.awaitUntil(() -> level[0] >= needed, Duty.NO_DEADLINE)));
        }
        virtual.runOut(stepped);
        assertFalse(queue.signal());
        level[0] = 1;
        assertTrue(queue.signal());
        virtual.runOut(stepped);
        assertEquals(List.of("1: true"), seen);
        level[0] = 3;
        assertEquals(2, queue.signalAll());
        virtual.runOut(stepped);
        assertEquals(List.of("1: true", "3: true", "2: true"), seen);
    }
}
