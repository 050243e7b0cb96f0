package io.uk4j.virtio.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.DeviceQueue;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The driver that the guide shows, over a device in the same process, by what uk-virtio exports alone. */
class PmemFlushTest {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SimPlatform platform = new SimPlatform(new Simulation(1), "host");
    private final List<Boolean> results = new ArrayList<>();

    @AfterEach
    void close() {
        platform.close();
    }

    /** Pages that the device is shown as they are allocated. */
    private PageSource sharedWith(LoopbackTransport transport) {
        PageSource pages = platform.pages();
        return new PageSource() {
            @Override
            public int pageBytes() {
                return pages.pageBytes();
            }

            @Override
            public Pages allocate(long bytes, long alignment) {
                return transport.share(pages.allocate(bytes, alignment));
            }

            @Override
            public void release(Pages given) {
                pages.release(given);
            }
        };
    }

    /** The device does all that it was asked for. */
    private static int serve(LoopbackTransport transport, int response, int writtenBytes) {
        DeviceQueue queue = transport.queue();
        int count = 0;
        for (int id = queue.next(); id != DeviceQueue.NONE; id = queue.next()) {
            assertEquals(2, queue.ranges());
            assertEquals(1, queue.readable());
            assertEquals(0, queue.segment(0).get(INT, queue.offset(0)));
            queue.segment(1).set(INT, queue.offset(1), response);
            queue.complete(id, writtenBytes);
            count++;
        }
        queue.publish();
        return count;
    }

    @ParameterizedTest
    @ValueSource(longs = {Features.VERSION_1, Features.VERSION_1 | Features.RING_PACKED | Features.EVENT_IDX})
    void flushes(long offered) {
        LoopbackTransport transport = new LoopbackTransport(offered);
        try (PmemFlush driver = new PmemFlush(sharedWith(transport), transport)) {
            for (int round = 0; round < 50; round++) {
                results.clear();
                assertTrue(driver.flush(results::add));
                assertTrue(driver.flush(results::add));
                assertEquals(0, driver.poll(0));
                assertFalse(driver.arm());
                assertEquals(2, serve(transport, round % 2, 4));
                assertTrue(driver.arm());
                assertEquals(2, driver.poll(0));
                assertEquals(List.of(round % 2 == 0, round % 2 == 0), results);
            }
            assertTrue(transport.kicks > 0);
        }
        assertFalse(transport.started);
    }

    @Test
    void refusesWhatHasNoRoom() {
        LoopbackTransport transport = new LoopbackTransport(Features.VERSION_1);
        try (PmemFlush driver = new PmemFlush(sharedWith(transport), transport)) {
            int accepted = 0;
            while (driver.flush(results::add)) {
                accepted++;
            }
            assertEquals(8, accepted, "two entries each, of 16");
            serve(transport, 0, 4);
            assertEquals(8, driver.poll(0));
            assertTrue(driver.flush(results::add));
        }
    }

    @Test
    void startsADeviceAgainThatBreaksTheRulesOrAsksForIt() {
        LoopbackTransport transport = new LoopbackTransport(Features.VERSION_1);
        try (PmemFlush driver = new PmemFlush(sharedWith(transport), transport)) {
            assertTrue(driver.flush(results::add));
            serve(transport, 0, 3);
            driver.poll(0);
            assertEquals(List.of(false), results);
            assertEquals(2, transport.resets);

            assertTrue(driver.flush(results::add));
            transport.pendingEvents = VirtioTransport.NEEDS_RESET;
            assertTrue(driver.arm());
            assertEquals(List.of(false, false), results);

            assertTrue(driver.flush(results::add));
            serve(transport, 0, 4);
            driver.poll(0);
            assertEquals(List.of(false, false, true), results);
        }
    }

    @Test
    void saysWhatIsWrongWithAnOldDevice() {
        LoopbackTransport transport = new LoopbackTransport(0);
        DeviceException e = assertThrows(DeviceException.class, () -> new PmemFlush(sharedWith(transport), transport));
        assertEquals("loopback: is a device of before VIRTIO 1.0.", e.getMessage());
    }

    /** The guide shows what is compiled here, to the letter. */
    @Test
    void isWhatTheGuideShows() throws IOException {
        String source = Files.readString(Path.of("src/test/java/io/uk4j/virtio/example/PmemFlush.java"));
        String shown = source.substring(source.indexOf("/** Makes durable"));
        String guide = Files.readString(Path.of("../docs/virtio.md"));
        assertTrue(guide.contains("```java\n" + shown + "```"), "docs/virtio.md shows another driver than this");
    }
}
