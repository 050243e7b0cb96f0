package io.uk4j.net.tcpip.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChecksumTest {
    private static final long SEED = 0x1071;

    @Test
    void sumsTheExampleOfRfc1071() {
        ByteBuf data = Unpooled.wrappedBuffer(HexFormat.of().parseHex("0001f203f4f5f6f7"));
        assertEquals(0xddf2, Checksum.fold(Checksum.sum(data, 0, 8)));
        assertEquals(0x220d, Checksum.finish(Checksum.sum(data, 0, 8)));
    }

    @Test
    void agreesWithTheNaiveLoopAtEveryOffsetAndLength() {
        Random random = new Random(SEED);
        ByteBuf data = randomBytes(random, 300);
        for (int offset = 0; offset < 20; offset++) {
            for (int length = 0; length <= 280; length++) {
                assertEquals(
                        naive(data, offset, length),
                        Checksum.fold(Checksum.sum(data, offset, length)),
                        "offset " + offset + ", length " + length + ", seed " + SEED);
            }
        }
        data.release();
    }

    @Test
    void doesNotDependOnHowTheBytesAreSplit() {
        Random random = new Random(SEED);
        ByteBuf data = randomBytes(random, 70_000);
        for (int round = 0; round < 500; round++) {
            int offset = random.nextInt(32);
            int length = random.nextInt(random.nextBoolean() ? 64 : 65_536);
            long sum = 0;
            for (int done = 0; done < length; ) {
                int part = Math.min(length - done, random.nextInt(length / 3 + 2));
                sum = Checksum.addAt(sum, done, data, offset + done, part);
                done += part;
            }
            assertEquals(naive(data, offset, length), Checksum.fold(sum), "round " + round + ", seed " + SEED);
        }
        data.release();
    }

    @Test
    void carriesAllOnes() {
        ByteBuf data = Unpooled.directBuffer(65_536);
        for (int i = 0; i < 65_536; i++) {
            data.writeByte(0xff);
        }
        assertEquals(0xffff, Checksum.fold(Checksum.sum(data, 0, 65_536)));
        assertEquals(0, Checksum.finish(Checksum.sum(data, 0, 65_536)));
        assertEquals(0x3fff, Checksum.fold(Long.MAX_VALUE >>> 1), "folds the largest sum that it promises to");
        data.release();
    }

    @Test
    void updatesAWordWithoutSummingAgain() {
        Random random = new Random(SEED);
        ByteBuf data = randomBytes(random, 64);
        for (int round = 0; round < 1000; round++) {
            int before = Checksum.finish(Checksum.sum(data, 0, 64));
            int at = 2 * random.nextInt(32);
            int old = data.getUnsignedShort(at);
            int now = random.nextInt(65_536);
            data.setShort(at, now);
            assertEquals(Checksum.finish(Checksum.sum(data, 0, 64)), Checksum.update(before, old, now), "seed " + SEED);
        }
        data.release();
    }

    private static ByteBuf randomBytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return Unpooled.directBuffer(length).writeBytes(bytes);
    }

    private static int naive(ByteBuf data, int offset, int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            int octet = data.getUnsignedByte(offset + i);
            sum += (i & 1) == 0 ? octet << 8 : octet;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) sum;
    }
}
