package io.uk4j.gateway;

import io.uk4j.core.WaitSource;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;

/**
 * The application's end of a gateway. Frames up to 64 KiB cross whole, with checksums and segmentation left to whoever
 * needs them, which is nobody.
 *
 * <p>Closing it ends the gateway's thread, resets what it relays, and frees its sockets and buffers.
 *
 * <p>Thread rule: as {@link NetDevice} says; {@link #hostPort} and {@link #describe} are shared.
 */
public final class GatewayDevice implements NetDevice {
    private final RingDevice ring;
    private final Gateway gateway;

    GatewayDevice(RingDevice ring, Gateway gateway) {
        this.ring = ring;
        this.gateway = gateway;
    }

    /**
     * The port of the host that leads to a TCP port of the guest; the way to learn it where 0 was asked for.
     *
     * @param guestPort the guest's port, the first forward to it counts
     * @throws IllegalArgumentException if there is no forward to it
     */
    public int hostPort(int guestPort) {
        return gateway.hostPort(false, guestPort);
    }

    /**
     * The port of the host that leads to a UDP port of the guest.
     *
     * @param guestPort the guest's port, the first forward to it counts
     * @throws IllegalArgumentException if there is no forward to it
     */
    public int hostUdpPort(int guestPort) {
        return gateway.hostPort(true, guestPort);
    }

    /** Who is who, what leads where and how much is going on, in a few lines. */
    @Override
    public String describe() {
        return gateway.describe();
    }

    @Override
    public NetDeviceInfo info() {
        return ring.info();
    }

    @Override
    public WaitSource source() {
        return ring.source();
    }

    @Override
    public int poll(FrameBatch into) {
        return ring.poll(into);
    }

    @Override
    public int offer(FrameBatch from) {
        return ring.offer(from);
    }

    @Override
    public void flush() {
        ring.flush();
    }

    @Override
    public boolean arm() {
        return ring.arm();
    }

    @Override
    public void close() {
        ring.close();
    }

    @Override
    public String toString() {
        return gateway.toString();
    }
}
