package io.uk4j.net.pcap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A capture as this module writes them, read field by field as the format has them and apart from the writer's code.
 *
 * @param snaplenBytes what its header says of the longest record
 * @param records its frames
 */
record PcapFile(int snaplenBytes, List<Frame> records) {
    /** A frame: when, how long it was, and what was captured of it. */
    @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
    record Frame(long timeNs, int wholeBytes, byte[] captured) {}

    static PcapFile parse(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        assertEquals(0xa1b23c4d, in.readInt(), "magic");
        assertEquals(2, in.readShort(), "major version");
        assertEquals(4, in.readShort(), "minor version");
        assertEquals(0, in.readInt(), "reserved");
        assertEquals(0, in.readInt(), "reserved");
        int snaplen = in.readInt();
        assertEquals(1, in.readInt(), "link type");
        List<Frame> frames = new ArrayList<>();
        while (in.available() > 0) {
            long seconds = in.readInt() & 0xffff_ffffL;
            int nanoseconds = in.readInt();
            assertEquals(true, nanoseconds >= 0 && nanoseconds < 1_000_000_000, () -> nanoseconds + " ns");
            byte[] captured = new byte[in.readInt()];
            int whole = in.readInt();
            in.readFully(captured);
            assertEquals(Math.min(whole, snaplen), captured.length);
            frames.add(new Frame(seconds * 1_000_000_000L + nanoseconds, whole, captured));
        }
        return new PcapFile(snaplen, frames);
    }
}
