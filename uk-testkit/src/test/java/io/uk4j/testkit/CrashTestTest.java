package io.uk4j.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A crash test lets through what keeps its promise, and nothing else. */
class CrashTestTest {
    private static final int SECTORS = 32;

    @Test
    void aBareDiskKeepsItsPromise() {
        long images = 0;
        for (long seed = 1; seed <= 5; seed++) {
            CrashTest.Report report = new CrashTest(disks -> disks.getFirst())
                    .disk(512, SECTORS)
                    .depth(seed == 1 ? 1 : 6)
                    .run(seed);
            assertTrue(report.writes() > 10 && report.cuts() > 80, report.toString());
            images += report.images();
        }
        assertTrue(images > 5000, "only " + images);
    }

    @Test
    void aDiskThatTearsWhatItPromisedWholeIsFound() {
        AssertionError e = assertThrows(
                AssertionError.class,
                () -> new CrashTest(disks -> new Large(disks.getFirst()))
                        .disk(512, 64)
                        .run(7));
        assertTrue(e.getMessage().startsWith("seed 7, power cut at "), e.getMessage());
        assertTrue(e.getMessage().contains("holds a mixture"), e.getMessage());
        // It keeps what it can keep.
        new CrashTest(disks -> new Large(disks.getFirst()))
                .disk(512, 64)
                .unitBytes(512)
                .run(7);
    }

    @Test
    void aFlushThatDoesNothingIsFound() {
        AssertionError e = assertThrows(
                AssertionError.class,
                () -> new CrashTest(disks -> new Around(disks.getFirst()) {
                            @Override
                            public boolean submit(BlockRequest request) {
                                if (request.operation() != Operation.FLUSH) {
                                    return super.submit(request);
                                }
                                done.add(request);
                                return true;
                            }
                        })
                        .disk(512, SECTORS)
                        .run(1));
        assertTrue(e.getMessage().contains("left nothing that was not flushed"), e.getMessage());
    }

    /** Gives everything back as long as it runs, and the disk sees nothing. */
    @Test
    void aCacheThatWritesNothingIsFound() {
        assertThrows(
                AssertionError.class,
                () -> new CrashTest(disks -> new Around(disks.getFirst()) {
                            private final Map<Long, byte[]> kept = new HashMap<>();

                            @Override
                            public boolean submit(BlockRequest request) {
                                if (request.operation() == Operation.WRITE) {
                                    byte[] bytes = new byte[request.length(0)];
                                    request.buffer(0).getBytes(request.offset(0), bytes);
                                    kept.put(request.offsetBytes(), bytes);
                                    done.add(request);
                                    return true;
                                }
                                return super.submit(request);
                            }
                        })
                        .disk(512, SECTORS)
                        .run(1));
    }

    /** Keeps each sector in one of two places, and writes down which before the sector is there. */
    @Test
    void metadataThatIsWrittenBeforeItsDataIsFound() {
        assertThrows(
                AssertionError.class,
                () -> new CrashTest(disks -> new TwoPlaces(disks.getFirst()))
                        .disk(512, 3 * SECTORS)
                        .depth(1)
                        .run(2));
    }

    @Test
    void whatIsLostByOpeningIsFound() {
        AssertionError e = assertThrows(
                AssertionError.class,
                () -> new CrashTest(disks -> {
                            RecordingDisk disk = disks.getFirst();
                            ByteBuf zeros = Unpooled.directBuffer(512, 512).setZero(0, 512);
                            PolledDevice polled = new PolledDevice(disk, () -> {});
                            int[] ended = {0};
                            polled.submit(new BlockRequest(1, (_, _) -> ended[0]++)
                                    .transfer(Operation.WRITE, 5 * 512)
                                    .add(zeros, 0, 512));
                            polled.until(() -> ended[0] > 0, "a write");
                            zeros.release();
                            return disk;
                        })
                        .disk(512, 8)
                        .run(3));
        assertTrue(e.getMessage().contains("unit 5 (512 bytes) holds zeros"), e.getMessage());
    }

    @Test
    void whatIsLostByACutWhileOpeningIsFound() {
        // Opening moves sector 0 away and back again: only a cut in between loses it.
        AssertionError e = assertThrows(AssertionError.class, () -> {
            for (long seed = 1; seed < 20; seed++) {
                new CrashTest(disks -> {
                            RecordingDisk disk = disks.getFirst();
                            PolledDevice polled = new PolledDevice(disk, () -> {});
                            ByteBuf sector = Unpooled.directBuffer(1024, 1024).setZero(0, 1024);
                            transfer(polled, Operation.READ, sector, 0);
                            transfer(polled, Operation.WRITE, sector, 512);
                            int[] ended = {0};
                            polled.submit(new BlockRequest(1, (_, _) -> ended[0]++).flush());
                            polled.until(() -> ended[0] > 0, "a flush");
                            transfer(polled, Operation.WRITE, sector, 0);
                            sector.release();
                            return disk;
                        })
                        .disk(512, 8)
                        .run(seed);
            }
        });
        assertTrue(e.getMessage().contains("cut again at"), e.getMessage());
    }

    private static void transfer(PolledDevice polled, Operation operation, ByteBuf sector, int index) {
        int[] ended = {0};
        polled.submit(
                new BlockRequest(1, (_, _) -> ended[0]++).transfer(operation, 0).add(sector, index, 512));
        polled.until(() -> ended[0] > 0, "a transfer");
    }

    @Test
    void anErrorWhileOpeningIsToldWithItsCut() {
        int[] openings = {0};
        AssertionError e = assertThrows(
                AssertionError.class,
                () -> new CrashTest(disks -> {
                            if (++openings[0] > 3) {
                                throw new IllegalStateException("no such table");
                            }
                            return disks.getFirst();
                        })
                        .disk(512, 8)
                        .run(4));
        assertTrue(e.getMessage().matches("seed 4, power cut at .*: no such table"), e.getMessage());
    }

    @Test
    void aBufferThatChangesWhileTheDiskHasItIsFound() {
        RecordingDisk disk = new PowerLine().disk(512, 8);
        ByteBuf buffer = Unpooled.directBuffer(512, 512).setZero(0, 512);
        assertTrue(disk.submit(
                new BlockRequest(1, (_, _) -> {}).transfer(Operation.WRITE, 0).add(buffer, 0, 512)));
        buffer.setByte(100, 1);
        AssertionError e = assertThrows(AssertionError.class, () -> disk.poll(1));
        assertEquals("The buffers of a write to 0 changed while the disk had them.", e.getMessage());
        buffer.release();
    }

    @Test
    void aDeviceThatNeverAnswersIsFound() {
        AssertionError e = assertThrows(
                AssertionError.class,
                () -> new CrashTest(disks -> disks.getFirst())
                        .disk(512, 8)
                        .beforeEach((step, disks) -> disks.getFirst().hold())
                        .run(4));
        assertTrue(e.getMessage().contains("did not come in"), e.getMessage());
    }

    /** A device that does everything as the disk below. */
    private static class Around implements BlockDevice {
        final BlockDevice disk;
        final ArrayDeque<BlockRequest> done = new ArrayDeque<>();

        Around(BlockDevice disk) {
            this.disk = disk;
        }

        @Override
        public BlockDeviceInfo info() {
            return disk.info();
        }

        @Override
        public WaitSource source() {
            return disk.source();
        }

        @Override
        public boolean submit(BlockRequest request) {
            return disk.submit(request);
        }

        @Override
        public int poll(int limit) {
            int count = disk.poll(limit);
            while (!done.isEmpty()) {
                done.remove().complete(BlockRequest.OK);
                count++;
            }
            return count;
        }

        @Override
        public boolean arm() {
            return disk.arm() || !done.isEmpty();
        }

        @Override
        public void close() {
            disk.close();
        }
    }

    /** Claims sectors of 2048 bytes. */
    private static final class Large extends Around {
        Large(BlockDevice disk) {
            super(disk);
        }

        @Override
        public BlockDeviceInfo info() {
            BlockDeviceInfo lower = disk.info();
            return new BlockDeviceInfo("large", 2048, lower.sectors() / 4, false, 1, lower.queueDepth(), true);
        }
    }

    /** Of each sector there are two, and a third that says which of them counts. */
    private static final class TwoPlaces extends Around {
        private final ByteBuf scratch = Unpooled.directBuffer(512, 512);
        private final PolledDevice polled;

        TwoPlaces(BlockDevice disk) {
            super(disk);
            polled = new PolledDevice(disk, () -> {});
        }

        @Override
        public BlockDeviceInfo info() {
            return new BlockDeviceInfo("two", 512, disk.info().sectors() / 3, false, 1, 4, true);
        }

        private int which(long sector) {
            transfer(Operation.READ, sector * 3, scratch, 0, 512);
            return scratch.getByte(0);
        }

        private void transfer(Operation operation, long sector, ByteBuf buffer, int index, int length) {
            int[] ended = {0};
            polled.submit(new BlockRequest(1, (_, _) -> ended[0]++)
                    .transfer(operation, sector * 512)
                    .add(buffer, index, length));
            polled.until(() -> ended[0] > 0, "a transfer");
        }

        @Override
        public boolean submit(BlockRequest request) {
            for (int at = 0; at < request.lengthBytes(); at += 512) {
                long sector = (request.offsetBytes() + at) / 512;
                if (request.operation() == Operation.READ) {
                    int which = which(sector);
                    transfer(Operation.READ, sector * 3 + 1 + which, request.buffer(0), request.offset(0) + at, 512);
                } else if (request.operation() == Operation.WRITE) {
                    int which = 1 - which(sector);
                    scratch.setZero(0, 512).setByte(0, which);
                    transfer(Operation.WRITE, sector * 3, scratch, 0, 512);
                    transfer(Operation.WRITE, sector * 3 + 1 + which, request.buffer(0), request.offset(0) + at, 512);
                }
            }
            if (request.operation() == Operation.FLUSH) {
                return disk.submit(request);
            }
            done.add(request);
            return true;
        }
    }
}
