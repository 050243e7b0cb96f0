package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.DeviceException;
import io.uk4j.core.OutOfMemoryException;
import io.uk4j.sched.Fibers;
import io.uk4j.sched.Loop;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DiskTest {
    private final TestBed bed = new TestBed();
    private final ScriptedDisk device = new ScriptedDisk(64, 2, 4);

    @AfterEach
    void close() {
        device.close();
        bed.close();
    }

    private static ByteBuf buffer(int bytes) {
        return Unpooled.directBuffer(bytes, bytes);
    }

    @Test
    void aPolledDiskReadsWhatItWrote() {
        try (Disk disk = Disk.polled(bed.platform, device)) {
            ByteBuf buffer = buffer(1024);
            buffer.setByte(512, 42);
            disk.write(1024, buffer, 512, 512);
            disk.flush();
            disk.read(1024, buffer, 0, 512);
            assertEquals(42, buffer.getByte(0));
            disk.writeZeroes(1024, 512);
            disk.discard(0, 512);
            disk.read(1024, buffer, 512, 512);
            assertEquals(0, buffer.getByte(512));
        }
        assertTrue(device.isClosed());
    }

    @Test
    void saysWhatFailedAndWhere() {
        Disk disk = Disk.polled(bed.platform, device);
        device.failing(_ -> true);
        DiskException e = assertThrows(DiskException.class, () -> disk.read(1024, buffer(512), 0, 512));
        assertEquals("disk failed to do a read of 512 bytes at 1024.", e.getMessage());
        assertEquals(
                "disk failed to do a flush.",
                assertThrows(DiskException.class, disk::flush).getMessage());
        disk.close();
    }

    @Test
    void refusesWhatCannotBe() {
        Disk disk = Disk.polled(bed.platform, device);
        assertThrows(IllegalArgumentException.class, () -> disk.read(0, Unpooled.buffer(512), 0, 512));
        assertThrows(IllegalArgumentException.class, () -> disk.read(0, buffer(512), 1, 512));
        assertThrows(IllegalArgumentException.class, () -> disk.read(1, buffer(512), 0, 512));
        assertThrows(IllegalArgumentException.class, () -> disk.write(64 * 512, buffer(512), 0, 512));
        assertThrows(IllegalArgumentException.class, () -> disk.read(0, buffer(512), 0, 0));
        assertThrows(IllegalArgumentException.class, () -> disk.writeZeroes(0, 1));
        assertEquals(List.of(), device.asked);
        disk.close();
        assertThrows(IllegalStateException.class, disk::flush);
    }

    @Test
    void aDeviceThatSaysNothingForAMinuteIsClosed() {
        Disk disk = Disk.polled(bed.platform, device);
        device.hold();
        DiskException e = assertThrows(DiskException.class, disk::flush);
        assertEquals("disk was closed during a flush.", e.getMessage());
        assertTrue(device.isClosed());
        assertEquals(60_000_000_000L, bed.platform.clock().nowNs());
    }

    @Test
    void aDeviceThatIsGoneSaysSo() {
        Disk disk = Disk.polled(bed.platform, device);
        device.vanish();
        assertEquals(
                "disk is gone.",
                assertThrows(DeviceException.class, disk::flush).getMessage());
    }

    @Test
    void theDeviceCanBeTakenBack() {
        Disk disk = Disk.polled(bed.platform, device);
        assertSame(device, disk.detach());
        disk.close();
        assertFalse(device.isClosed());
    }

    /** More of them than the device has room for. */
    @Test
    void manyFibersShareADisk() {
        try (Loop loop = Loop.builder(bed.platform).build()) {
            bed.simulation.add("loop", loop);
            Disk disk = Disk.on(loop, device);
            List<String> done = new ArrayList<>();
            Fibers fibers = loop.fibers();
            for (int i = 0; i < 8; i++) {
                int number = i;
                fibers.start("fiber" + i, () -> {
                    ByteBuf buffer = buffer(512);
                    buffer.setByte(0, number);
                    disk.write(number * 512L, buffer, 0, 512);
                    disk.flush();
                    buffer.setByte(0, 99);
                    disk.read(number * 512L, buffer, 0, 512);
                    done.add(number + "=" + buffer.getByte(0));
                    buffer.release();
                });
            }
            assertTrue(bed.simulation.runUntil(() -> done.size() == 8, 1_000_000_000L));
            for (int i = 0; i < 8; i++) {
                assertTrue(done.contains(i + "=" + i));
            }
            disk.close();
        }
    }

    /** The call returns with the caller's buffer at once, so the device must never have had it. */
    @Test
    void onTheLoopsBareThreadNothingIsBegun() {
        try (Loop loop = Loop.builder(bed.platform).build()) {
            bed.simulation.add("loop", loop);
            Disk disk = Disk.on(loop, device);
            ByteBuf buffer = buffer(512);
            List<String> told = new ArrayList<>();
            loop.execute(() -> {
                IllegalStateException e =
                        assertThrows(IllegalStateException.class, () -> disk.write(0, buffer, 0, 512));
                told.add(String.valueOf(e.getMessage()));
            });
            assertTrue(bed.simulation.runUntil(() -> !told.isEmpty(), 1_000_000_000L));
            assertTrue(told.getFirst().startsWith("This would block the loop"), told.getFirst());
            assertEquals(List.of(), device.asked);
            buffer.release();
            disk.close();
        }
    }

    @Test
    void aRamDiskBeyondAllBoundsIsOutOfMemory() {
        for (long bytes : new long[] {1L << 40, 1L << 60, Long.MAX_VALUE / 512 * 512}) {
            assertThrows(OutOfMemoryException.class, () -> RamDisk.create(bed.context, "ram", 512, bytes));
        }
        RamDisk.create(bed.context, "ram", 512, 1 << 29).close();
    }
}
