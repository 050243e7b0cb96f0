package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.testkit.PowerLine;
import io.uk4j.testkit.RecordingDisk;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many requests under way on the same few blocks, over devices that carry them out in orders of their own. */
class OverlapTest {
    private static final long SEED = Long.getLong("uk.test.seed", 1L);
    private static final int SEEDS = 20;
    private static final int ROUNDS = 30;
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 4;

    private final TestBed bed = new TestBed();

    @AfterEach
    void close() {
        bed.close();
    }

    /** Requests that never rest. Each write has a number of its own, with which it fills its blocks. */
    private static final class Storm {
        private final BlockDevice device;
        private final SplittableRandom random;
        private final BlockRequest[] requests = new BlockRequest[8];
        private final ByteBuf[] data = new ByteBuf[requests.length];
        private final boolean[] busy = new boolean[requests.length];
        private int written;
        private int reads;

        Storm(BlockDevice device, SplittableRandom random) {
            this.device = device;
            this.random = random;
            for (int i = 0; i < requests.length; i++) {
                int index = i;
                data[i] = Unpooled.directBuffer(BLOCKS * BLOCK, BLOCKS * BLOCK);
                requests[i] = new BlockRequest(1, (_, status) -> ended(index, status));
            }
        }

        private void ended(int index, int status) {
            busy[index] = false;
            assertEquals(BlockRequest.OK, status);
            if (requests[index].operation() == Operation.READ) {
                reads++;
                for (int block = 0; block < requests[index].lengthBytes(); block += BLOCK) {
                    for (int at = block; at < block + BLOCK; at += 512) {
                        assertEquals(data[index].getInt(block), data[index].getInt(at), "a block in two pieces");
                    }
                }
            }
        }

        void round() {
            for (int i = 0; i < requests.length; i++) {
                if (!busy[i]) {
                    submit(i);
                }
            }
            device.poll(1 + random.nextInt(2));
        }

        private void submit(int i) {
            int blocks = 1 + random.nextInt(BLOCKS);
            long offset = (long) random.nextInt(BLOCKS + 1 - blocks) * BLOCK;
            boolean write = random.nextInt(3) > 0;
            if (write) {
                written++;
                for (int at = 0; at < blocks * BLOCK; at += Integer.BYTES) {
                    data[i].setInt(at, written);
                }
            }
            requests[i]
                    .transfer(write ? Operation.WRITE : Operation.READ, offset)
                    .add(data[i], 0, blocks * BLOCK);
            busy[i] = device.submit(requests[i]);
        }

        void drain() {
            for (int i = 0; i < requests.length; i++) {
                while (busy[i]) {
                    device.poll(8);
                }
            }
            assertTrue(written > ROUNDS / 2 && reads > ROUNDS / 5, written + " writes, " + reads + " reads");
        }
    }

    private void storm(BlockDevice device, long seed) {
        Storm storm = new Storm(device, new SplittableRandom(seed));
        for (int i = 0; i < ROUNDS; i++) {
            storm.round();
        }
        storm.drain();
    }

    @Test
    void theLegsOfAMirrorStayAlike() {
        int from = MirrorLabel.DATA_OFFSET;
        byte[] blank = new byte[from + BLOCKS * BLOCK];
        for (long seed = SEED; seed < SEED + SEEDS; seed++) {
            PowerLine line = new PowerLine();
            RecordingDisk left = line.disk(512, blank, new SplittableRandom(seed));
            RecordingDisk right = line.disk(512, blank, new SplittableRandom(~seed));
            Mirror.format(bed.context, left, right, new UUID(1, 2), false);
            storm(Mirror.open(bed.context, left, right), seed);
            assertArrayEquals(
                    Arrays.copyOfRange(left.contents(), from, blank.length),
                    Arrays.copyOfRange(right.contents(), from, blank.length),
                    "seed " + seed);
        }
    }

    @Test
    void aChecksummedDiskKeepsBlocksWhole() {
        byte[] blank = new byte[96 * BLOCK];
        for (long seed = SEED; seed < SEED + SEEDS; seed++) {
            RecordingDisk disk = new PowerLine().disk(512, blank, new SplittableRandom(seed));
            ChecksummedDisk.format(bed.context, disk, false);
            storm(ChecksummedDisk.open(bed.context, disk), seed);
        }
    }
}
