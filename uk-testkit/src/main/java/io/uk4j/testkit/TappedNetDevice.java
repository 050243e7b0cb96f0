package io.uk4j.testkit;

import io.uk4j.core.Clock;
import io.uk4j.core.WaitSource;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;

/**
 * A device around another that records what passes through it either way. Checksums that are left to a device are complete
 * in the record. It copies each frame, so it is for tests.
 *
 * <p>Thread rule: loop-owned, as every device.
 */
public final class TappedNetDevice implements NetDevice {
    private final NetDevice inner;
    private final Clock clock;
    private final PcapWriter capture;

    /**
     * Creates it.
     *
     * @param inner the device that does the work; closed with this
     * @param clock whose wall clock stamps the frames
     * @param capture where they go; not closed with this
     */
    public TappedNetDevice(NetDevice inner, Clock clock, PcapWriter capture) {
        this.inner = inner;
        this.clock = clock;
        this.capture = capture;
    }

    @Override
    public NetDeviceInfo info() {
        return inner.info();
    }

    @Override
    public WaitSource source() {
        return inner.source();
    }

    @Override
    public int poll(FrameBatch into) {
        int before = into.frames();
        int count = inner.poll(into);
        for (int i = 0; i < count; i++) {
            capture.write(clock.wallNs(), copy(into, before + i));
        }
        return count;
    }

    @Override
    public int offer(FrameBatch from) {
        // The device may put its header into the buffers, or release them: what is accepted must be copied before.
        byte[][] frames = new byte[from.frames()][];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = copy(from, i);
        }
        int accepted = inner.offer(from);
        for (int i = 0; i < accepted; i++) {
            capture.write(clock.wallNs(), frames[i]);
        }
        return accepted;
    }

    @Override
    public void flush() {
        inner.flush();
    }

    @Override
    public boolean arm() {
        return inner.arm();
    }

    @Override
    public long nextDeadlineNs() {
        return inner.nextDeadlineNs();
    }

    @Override
    public String describe() {
        return inner.describe();
    }

    @Override
    public void close() {
        inner.close();
    }

    private static byte[] copy(FrameBatch batch, int frame) {
        byte[] bytes = new byte[batch.frameBytes(frame)];
        int at = 0;
        for (int i = 0; i < batch.fragments(frame); i++) {
            batch.buffer(frame, i).getBytes(batch.offset(frame, i), bytes, at, batch.length(frame, i));
            at += batch.length(frame, i);
        }
        int start = batch.checksumStart(frame);
        int offset = batch.checksumOffset(frame);
        if ((batch.flags(frame) & FrameBatch.NEEDS_CHECKSUM) != 0 && start + offset + 2 <= bytes.length) {
            InternetChecksum.complete(bytes, start, offset);
        }
        return bytes;
    }
}
