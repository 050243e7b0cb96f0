package io.uk4j.net.pcap;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.net.FrameBatch;
import java.util.Random;

/** Frames of any content, in batches. */
final class Frames {
    private Frames() {}

    static byte[] random(Random random, int bytes) {
        byte[] frame = new byte[bytes];
        random.nextBytes(frame);
        return frame;
    }

    /** Appends a frame in pieces of any size, in buffers of each kind. */
    static void append(FrameBatch batch, byte[] frame, Random random) {
        int at = 0;
        do {
            int left = frame.length - at;
            int length = batch.fragmentSpace() < 8 ? left : random.nextInt(left + 1);
            append(batch, frame, at, length, random);
            at += length;
        } while (at < frame.length);
    }

    private static void append(FrameBatch batch, byte[] frame, int from, int length, Random random) {
        int before = random.nextInt(9);
        ByteBuf buffer = random.nextBoolean()
                ? Unpooled.directBuffer(before + length + 1)
                : Unpooled.buffer(before + length + 1);
        buffer.writeZero(before).writeBytes(frame, from, length);
        batch.append(
                switch (random.nextInt(4)) {
                    case 0 -> buffer.asReadOnly();
                    case 1 ->
                        Unpooled.wrappedBuffer(
                                buffer.retainedSlice(0, before + length / 2),
                                buffer.slice(before + length / 2, length - length / 2));
                    default -> buffer;
                },
                before,
                length);
    }

    /** A batch of one frame whose checksum, from {@code start} on and stored at {@code offset} from there, is left to a device. */
    static FrameBatch partial(byte[] frame, int start, int offset) {
        FrameBatch batch = new FrameBatch();
        batch.append(Unpooled.wrappedBuffer(frame), 0, frame.length);
        batch.offload(FrameBatch.NEEDS_CHECKSUM, FrameBatch.GSO_NONE, 0, 0, start, offset);
        batch.endFrame();
        return batch;
    }
}
