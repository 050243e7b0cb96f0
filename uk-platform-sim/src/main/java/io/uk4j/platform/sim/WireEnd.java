package io.uk4j.platform.sim;

import io.uk4j.core.WaitSource;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;

/** One end of a wire, as the stack there sees it. */
final class WireEnd implements NetDevice {
    private static final int ETHERNET_BYTES = 14;

    private final NetDeviceInfo info;
    private final Simulation simulation;
    private final Doorbell bell;
    private final WireDirection out;
    private final WireDirection in;
    private boolean cutShort;
    private boolean closed;

    WireEnd(NetDeviceInfo info, Simulation simulation, Doorbell bell, WireDirection out, WireDirection in) {
        this.info = info;
        this.simulation = simulation;
        this.bell = bell;
        this.out = out;
        this.in = in;
    }

    @Override
    public NetDeviceInfo info() {
        return info;
    }

    @Override
    public WaitSource source() {
        return bell.source();
    }

    @Override
    public int poll(FrameBatch into) {
        refuseIfClosed();
        in.deliverDue(simulation.nowNs());
        return in.poll(into);
    }

    @Override
    public int offer(FrameBatch from) {
        refuseIfClosed();
        int frames = from.frames();
        int accepted = 0;
        while (accepted < frames && out.hasRoom()) {
            if (carries(from, accepted)) {
                out.send(from, accepted);
            } else {
                out.reject();
            }
            accepted++;
        }
        cutShort = accepted < frames;
        from.releaseFirst(accepted);
        return accepted;
    }

    /** A wire needs no reminder. */
    @Override
    public void flush() {}

    @Override
    public boolean arm() {
        refuseIfClosed();
        if (in.hasArrived() || (cutShort && out.hasRoom())) {
            return true;
        }
        bell.arm(cutShort);
        return false;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            in.closeReceiver();
        }
    }

    @Override
    public String toString() {
        return info.name();
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("The device " + info.name() + " is closed.");
        }
    }

    private boolean carries(FrameBatch from, int frame) {
        int bytes = from.frameBytes(frame);
        boolean needsChecksum = (from.flags(frame) & FrameBatch.NEEDS_CHECKSUM) != 0;
        if (bytes < ETHERNET_BYTES || from.fragments(frame) > info.maxFragments()) {
            return false;
        }
        if (needsChecksum
                && (!info.has(NetDeviceInfo.OFFLOAD_TX_CHECKSUM)
                        || from.checksumStart(frame) + from.checksumOffset(frame) + 2 > bytes)) {
            return false;
        }
        return switch (from.gsoType(frame) & ~FrameBatch.GSO_ECN) {
            case FrameBatch.GSO_NONE -> bytes <= info.mtuBytes() + ETHERNET_BYTES;
            case FrameBatch.GSO_TCPV4 -> needsChecksum && carriesLarge(from, frame, NetDeviceInfo.OFFLOAD_TSO4);
            case FrameBatch.GSO_TCPV6 -> needsChecksum && carriesLarge(from, frame, NetDeviceInfo.OFFLOAD_TSO6);
            case FrameBatch.GSO_UDP ->
                needsChecksum
                        && from.gsoType(frame) == FrameBatch.GSO_UDP
                        && carriesLarge(from, frame, NetDeviceInfo.OFFLOAD_USO);
            default -> false;
        };
    }

    private boolean carriesLarge(FrameBatch from, int frame, int offload) {
        return info.has(offload) && from.gsoSize(frame) > 0 && from.frameBytes(frame) <= info.maxFrameBytes();
    }
}
