package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import java.util.zip.CRC32;

/** Makes what was changed in a partition table look sound. */
final class Crcs {
    private Crcs() {}

    static int of(ByteBuf buffer, int bytes) {
        byte[] copy = new byte[bytes];
        buffer.getBytes(0, copy);
        CRC32 crc = new CRC32();
        crc.update(copy);
        return (int) crc.getValue();
    }

    /** Puts the checksum into a header, over as many bytes as it claims to have, as far as they exist. */
    static void seal(ByteBuf header) {
        long claimed = header.getUnsignedIntLE(12);
        header.setIntLE(16, 0);
        header.setIntLE(16, of(header, (int) Math.min(claimed, header.capacity())));
    }
}
