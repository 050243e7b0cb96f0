package io.uk4j.platform.unix;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.WaitSource;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import java.lang.foreign.MemorySegment;

/**
 * A TAP interface: one readv or writev for each frame, each with its {@link VnetHeader}. The kernel copies, so a sent
 * frame's buffers are free at once.
 */
final class TapDevice implements NetDevice {
    private static final int ETHERNET_HEADER_BYTES = 14;
    private static final int VLAN_TAG_BYTES = 4;
    private static final int LONGEST_PACKET_BYTES = 65_535;
    private static final int FRAGMENT_LIMIT = 64;

    /** What a short frame is taken to be, whatever the MTU: a full one of a common link, in a 2 KiB buffer. */
    private static final int SMALL_FRAME_BYTES = 1500 + ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES + 1;

    private final NetDeviceInfo info;
    private final int fd;
    private final DescriptorSource source;
    private final ReceiveSlots slots;
    private final Iovecs sending = new Iovecs(FRAGMENT_LIMIT);
    private final MemorySegment callState = Posix.newCallState();
    private final TapCounters counters;
    private boolean outputBlocked;
    private boolean closed;

    TapDevice(DeviceContext context, String name, int fd, MacAddress mac, int mtuBytes, boolean offload) {
        this.fd = fd;
        source = new DescriptorSource(fd, Posix.EPOLLIN);
        counters = new TapCounters(context.counters(), name);
        int offloads = offload
                ? NetDeviceInfo.OFFLOAD_TX_CHECKSUM
                        | NetDeviceInfo.OFFLOAD_TSO4
                        | NetDeviceInfo.OFFLOAD_TSO6
                        | NetDeviceInfo.OFFLOAD_RX_CHECKSUM
                        | NetDeviceInfo.OFFLOAD_RX_LARGE
                : 0;
        int packetBytes = offload ? LONGEST_PACKET_BYTES : mtuBytes;
        info = new NetDeviceInfo(name, mac, mtuBytes, offloads, packetBytes + ETHERNET_HEADER_BYTES, FRAGMENT_LIMIT, 0);
        // One byte more than the longest frame, so that a full list always means that something was cut off.
        int wantedBytes = packetBytes + ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES + 1;
        slots = new ReceiveSlots(context.pool(), Math.min(SMALL_FRAME_BYTES, wantedBytes), wantedBytes);
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
        checkOpen();
        int frames = 0;
        // A fixed number of reads: a flood of frames that are dropped must not keep the loop here.
        for (int reads = into.frameSpace(); reads > 0 && slots.refill(); reads--) {
            int slotCount = Math.min(slots.count(), into.fragmentSpace());
            if (slotCount < slots.count() && !into.isEmpty()) {
                break;
            }
            long result = Posix.readv(fd, slots.iovecs().address(), 1 + slotCount, callState);
            if (result < 0) {
                if (result == -Posix.EAGAIN || result == -Posix.EINTR) {
                    break;
                }
                throw gone((int) -result);
            }
            if (accept((int) result - VnetHeader.BYTES, slots.capacityBytes(slotCount), into)) {
                frames++;
            }
        }
        return frames;
    }

    private boolean accept(int frameBytes, int capacityBytes, FrameBatch into) {
        if (frameBytes >= capacityBytes) {
            counters.truncated.increment();
            return false;
        }
        MemorySegment header = slots.iovecs().header();
        if (frameBytes < ETHERNET_HEADER_BYTES || !VnetHeader.isValid(header, frameBytes)) {
            counters.malformed.increment();
            return false;
        }
        int left = frameBytes;
        while (left > 0) {
            ByteBuf buffer = slots.take();
            int offset = buffer.writerIndex();
            int bytes = Math.min(left, buffer.writableBytes());
            buffer.writerIndex(offset + bytes);
            into.append(buffer, offset, bytes);
            left -= bytes;
        }
        VnetHeader.read(header, into);
        into.endFrame();
        return true;
    }

    @Override
    public int offer(FrameBatch from) {
        checkOpen();
        outputBlocked = false;
        int accepted = 0;
        int errno = 0;
        while (accepted < from.frames()) {
            if (isCarried(from, accepted)) {
                errno = send(from, accepted);
                if (outputBlocked || isFatal(errno)) {
                    break;
                }
            }
            accepted++;
        }
        from.releaseFirst(accepted);
        if (isFatal(errno)) {
            throw gone(errno);
        }
        return accepted;
    }

    private boolean isCarried(FrameBatch from, int frame) {
        int bytes = from.frameBytes(frame);
        boolean segmented = from.gsoType(frame) != FrameBatch.GSO_NONE;
        boolean needsDevice = segmented || (from.flags(frame) & FrameBatch.NEEDS_CHECKSUM) != 0;
        int limitBytes = segmented ? info.maxFrameBytes() : info.mtuBytes() + ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES;
        boolean carried = bytes >= ETHERNET_HEADER_BYTES
                && bytes <= limitBytes
                && from.fragments(frame) <= FRAGMENT_LIMIT
                && (!needsDevice || info.offloads() != 0);
        if (!carried) {
            counters.unfit.increment();
        }
        return carried;
    }

    /** Sends a frame; returns 0, or the error for which it was neither sent nor dropped. */
    private int send(FrameBatch from, int frame) {
        VnetHeader.write(sending.header(), from, frame);
        int fragments = from.fragments(frame);
        for (int i = 0; i < fragments; i++) {
            sending.fragment(i, from.buffer(frame, i).memoryAddress() + from.offset(frame, i), from.length(frame, i));
        }
        long result = Posix.writev(fd, sending.address(), 1 + fragments, callState);
        if (result >= 0) {
            return 0;
        }
        int errno = (int) -result;
        switch (errno) {
            case Posix.EAGAIN, Posix.EINTR -> outputBlocked = true;
            case Posix.EIO -> counters.interfaceDown.increment();
            case Posix.ENOMEM, Posix.ENOBUFS -> counters.hostMemory.increment();
            default -> {
                if (!isFatal(errno)) {
                    counters.refused.increment();
                }
            }
        }
        return errno;
    }

    @Override
    public void flush() {
        // Each frame was handed to the kernel when it was offered.
    }

    /**
     * Waits for input, for room where the last offer was cut short, and while the pool has no buffer not for input, which
     * could not be read: buffers come back on the loop only, and it polls again after that.
     */
    @Override
    public boolean arm() {
        checkOpen();
        int input = slots.refill() ? Posix.EPOLLIN : 0;
        boolean resumed = input != 0 && (source.interest() & Posix.EPOLLIN) == 0;
        source.interest(input | (outputBlocked ? Posix.EPOLLOUT : 0));
        return resumed;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            source.detach();
            slots.release();
            Posix.close(fd);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("tap:" + info.name() + " is closed.");
        }
    }

    private static boolean isFatal(int errno) {
        return errno == Posix.EBADFD || errno == Posix.ENODEV;
    }

    private DeviceException gone(int errno) {
        return new DeviceException(
                "tap:" + info.name() + " is gone: the kernel gives " + Posix.describe(errno) + ".",
                "The interface must exist as long as the appliance runs.",
                null);
    }
}
