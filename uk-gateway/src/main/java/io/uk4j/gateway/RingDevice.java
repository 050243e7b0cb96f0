package io.uk4j.gateway;

import io.uk4j.core.BufferPool;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.core.net.NetDevices;

/**
 * One end of a pair of rings between two loops. Frames cross whole, with their offload words, up to 64 KiB long. What it
 * carries is counted by the stacks at both ends.
 */
final class RingDevice implements NetDevice {
    static final int RING_BYTES = 1 << 21;

    /** 64 KiB in buffers of 2 KiB, and the first one. */
    private static final int MAX_FRAGMENTS = 40;

    private static final int MAX_FRAME_BYTES = 65_535 + 14;

    private static final int OFFLOADS = NetDeviceInfo.OFFLOAD_TX_CHECKSUM
            | NetDeviceInfo.OFFLOAD_TSO4
            | NetDeviceInfo.OFFLOAD_RX_CHECKSUM
            | NetDeviceInfo.OFFLOAD_RX_LARGE;

    private final NetDeviceInfo info;
    private final SignalSource source;
    private final FrameRing out;
    private final FrameRing in;
    private final BufferPool pool;
    private final Runnable onClose;
    private final Counter droppedNoBuffer;
    private final Counter droppedTooLong;
    private boolean blocked;
    private boolean closed;

    RingDevice(
            String name,
            MacAddress mac,
            int mtuBytes,
            SignalSource source,
            FrameRing out,
            FrameRing in,
            BufferPool pool,
            Counters counters,
            Runnable onClose) {
        info = new NetDeviceInfo(name, mac, mtuBytes, OFFLOADS, MAX_FRAME_BYTES, MAX_FRAGMENTS, 0);
        this.source = source;
        this.out = out;
        this.in = in;
        this.pool = pool;
        this.onClose = onClose;
        droppedNoBuffer = NetDevices.dropCounter(counters, name, "no_buffer");
        droppedTooLong = NetDevices.dropCounter(counters, name, "too_long");
    }

    @Override
    public NetDeviceInfo info() {
        return info;
    }

    @Override
    public WaitSource source() {
        return source;
    }

    @Override
    public int poll(FrameBatch into) {
        int before = into.frames();
        boolean progress = false;
        while (!closed && into.fragmentSpace() >= MAX_FRAGMENTS) {
            int outcome = in.poll(into, pool);
            if (outcome == FrameRing.NOTHING) {
                break;
            }
            progress = true;
            if (outcome == FrameRing.NO_BUFFER) {
                droppedNoBuffer.increment();
            }
        }
        if (progress) {
            in.release();
        }
        return into.frames() - before;
    }

    @Override
    public int offer(FrameBatch from) {
        int frames = from.frames();
        int accepted = 0;
        blocked = false;
        while (accepted < frames) {
            int bytes = from.frameBytes(accepted);
            if (bytes > MAX_FRAME_BYTES || from.fragments(accepted) > MAX_FRAGMENTS) {
                droppedTooLong.increment();
            } else if (!closed && !out.offer(from, accepted)) {
                blocked = true;
                break;
            }
            accepted++;
        }
        from.releaseFirst(accepted);
        return accepted;
    }

    @Override
    public void flush() {
        out.flush();
    }

    @Override
    public boolean arm() {
        boolean frames = in.armConsumer();
        boolean room = blocked && out.armProducer(MAX_FRAME_BYTES);
        return frames || room;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            onClose.run();
        }
    }
}
