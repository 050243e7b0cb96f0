package io.uk4j.example.vswitch;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.Duty;
import io.uk4j.core.Waiter;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import java.util.List;

/**
 * Moves frames between devices: to the port behind which the addressee is, or to all others while nobody knows. Frames are
 * passed on without a copy. A port that cannot keep up loses frames, as with any switch, and they are counted.
 *
 * <p>Owns the devices. Thread rule: loop-owned.
 */
final class LearningSwitch implements Duty, AutoCloseable {
    private static final int SHORTEST_HEADER_BYTES = 14;
    private static final long GROUP = 1L << 40;

    private final NetDevice[] ports;
    private final FrameBatch[] outgoing;
    private final FrameBatch incoming = new FrameBatch();
    private final MacTable table = new MacTable();
    private final Waiter waiter;
    private final Counter forwarded;
    private final Counter flooded;
    private final Counter crowded;
    private final Counter malformed;

    LearningSwitch(List<NetDevice> devices, Waiter waiter, Counters counters) {
        this.waiter = waiter;
        ports = devices.toArray(new NetDevice[0]);
        outgoing = new FrameBatch[ports.length];
        for (int i = 0; i < ports.length; i++) {
            outgoing[i] = new FrameBatch();
            waiter.register(ports[i].source());
        }
        forwarded = counters.counter("uk_vswitch_frames_forwarded_total", "Frames passed on to one port.");
        flooded = counters.counter("uk_vswitch_frames_flooded_total", "Frames passed on to all other ports.");
        malformed = counters.counter(
                "uk_vswitch_frames_malformed_total", "Frames lost whose first fragment lacks addresses.");
        crowded =
                counters.counter("uk_vswitch_frames_crowded_out_total", "Frames lost at a port that did not keep up.");
    }

    @Override
    public int poll(long nowNs) {
        int frames = 0;
        for (int from = 0; from < ports.length; from++) {
            frames += ports[from].poll(incoming);
            for (int i = 0; i < incoming.frames(); i++) {
                pass(i, from, nowNs);
            }
            incoming.releaseFirst(incoming.frames());
            for (int to = 0; to < ports.length; to++) {
                send(to);
            }
        }
        return frames;
    }

    private void pass(int frame, int from, long nowNs) {
        ByteBuf header = incoming.buffer(frame, 0);
        int at = incoming.offset(frame, 0);
        if (incoming.length(frame, 0) < SHORTEST_HEADER_BYTES) {
            malformed.increment();
            return;
        }
        long destination = header.getLong(at) >>> 16;
        long origin = header.getLong(at + 6) >>> 16;
        if ((origin & GROUP) == 0) {
            table.learn(origin, from, nowNs);
        }
        int to = (destination & GROUP) != 0 ? MacTable.UNKNOWN : table.port(destination, nowNs);
        if (to == MacTable.UNKNOWN) {
            flooded.increment();
            for (int i = 0; i < ports.length; i++) {
                if (i != from) {
                    append(frame, i);
                }
            }
        } else if (to != from) {
            forwarded.increment();
            append(frame, to);
        }
    }

    private void append(int frame, int to) {
        FrameBatch batch = outgoing[to];
        int fragments = incoming.fragments(frame);
        if (batch.fragmentSpace() < fragments) {
            send(to);
        }
        if (batch.fragmentSpace() < fragments) {
            crowded.increment();
            return;
        }
        for (int i = 0; i < fragments; i++) {
            batch.append(incoming.buffer(frame, i).retain(), incoming.offset(frame, i), incoming.length(frame, i));
        }
        batch.offload(
                incoming.flags(frame),
                incoming.gsoType(frame),
                incoming.gsoSize(frame),
                incoming.headerLength(frame),
                incoming.checksumStart(frame),
                incoming.checksumOffset(frame));
        batch.endFrame();
    }

    private void send(int to) {
        FrameBatch batch = outgoing[to];
        if (batch.isEmpty()) {
            return;
        }
        ports[to].offer(batch);
        ports[to].flush();
        crowded.add(batch.frames());
        batch.releaseFirst(batch.frames());
    }

    @Override
    public long nextDeadlineNs() {
        long next = NO_DEADLINE;
        for (NetDevice port : ports) {
            next = Math.min(next, port.nextDeadlineNs());
        }
        return next;
    }

    @Override
    public boolean arm() {
        boolean hasWork = false;
        for (NetDevice port : ports) {
            hasWork |= port.arm();
        }
        return hasWork;
    }

    /** What each port is. */
    String describe() {
        StringBuilder text = new StringBuilder();
        for (NetDevice port : ports) {
            text.append(text.isEmpty() ? "" : "\n")
                    .append(port.info().name())
                    .append(": ")
                    .append(port.describe());
        }
        return text.toString();
    }

    @Override
    public void close() {
        for (int i = 0; i < ports.length; i++) {
            waiter.unregister(ports[i].source());
            ports[i].close();
            outgoing[i].clear();
        }
        incoming.clear();
    }
}
