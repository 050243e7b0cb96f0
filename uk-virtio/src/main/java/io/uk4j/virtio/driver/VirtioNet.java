package io.uk4j.virtio.driver;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.JointSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.core.net.NetDevices;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.Virtqueue;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The driver of virtio network devices (VIRTIO 1.3, section 5.1), with one pair of queues. Frames go to the device as they lie
 * in the packet pool: nothing is copied, and nothing is allocated for a frame.
 *
 * <p>A device that breaks the rules, wants a reset or goes away is started again; frames that it had are lost and counted. As
 * long as it is away no frame is accepted.
 *
 * <p>Its counters: {@code uk_net_frames_dropped_total} by reason, {@code uk_virtio_violations_total} by rule, {@code
 * uk_virtio_restarts_total}.
 *
 * <p>Thread rule: loop-owned.
 */
public final class VirtioNet implements NetDevice {
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;
    private static final int LINK_HEADER_BYTES = 14 + 4;
    private static final int ETHERNET_HEADER_BYTES = 14;
    private static final int DEFAULT_MTU_BYTES = 1500;
    private static final int LONGEST_PACKET_BYTES = 65_535;

    private static final long GUEST_TSO = NetFeatures.GUEST_TSO4 | NetFeatures.GUEST_TSO6;

    /** What the driver uses where it is offered. */
    private static final long WANTED = Features.VERSION_1
            | Features.INDIRECT_DESC
            | Features.EVENT_IDX
            | Features.IN_ORDER
            | Features.RING_PACKED
            | NetFeatures.CSUM
            | NetFeatures.GUEST_CSUM
            | NetFeatures.MTU
            | NetFeatures.MAC
            | GUEST_TSO
            | NetFeatures.GUEST_ECN
            | NetFeatures.HOST_TSO4
            | NetFeatures.HOST_TSO6
            | NetFeatures.HOST_ECN
            | NetFeatures.MRG_RXBUF
            | NetFeatures.STATUS;

    private final VirtioTransport transport;
    private final Negotiation negotiation;
    private final NetCounters counters;
    private final QueueMemory memory;
    private final ReceiveQueue receive;
    private final TransmitQueue transmit;
    private final NetDeviceInfo info;
    private final DeviceSession session;
    private @Nullable WaitSource source;
    private boolean linkUp = true;
    private boolean closed;

    private VirtioNet(
            DeviceContext context,
            VirtioTransport transport,
            Negotiation negotiation,
            QueueMemory memory,
            String name) {
        this.transport = transport;
        this.negotiation = negotiation;
        this.memory = memory;
        int mtuBytes = mtuBytes(transport, negotiation);
        counters = new NetCounters(context.counters(), name);
        long features = negotiation.settled();
        Virtqueue receiving = memory.queue(transport, RECEIVE, context.config(), features);
        Virtqueue sending = memory.queue(transport, TRANSMIT, context.config(), features);
        receive = new ReceiveQueue(receiving, context.pool(), counters, negotiation, bufferBytes(mtuBytes));
        if (!receive.fits()) {
            throw new DeviceException(
                    transport.name() + " needs more buffers for one frame than a queue of " + receiving.size()
                            + " entries holds, since it cannot merge small ones.",
                    null,
                    VirtioKeys.QUEUE_SIZE.name() + "=256, or " + VirtioKeys.WITHOUT.name() + "=guest_tso4,guest_tso6");
        }
        transmit = new TransmitQueue(sending, context.pool(), counters, memory);
        info = info(context, name, mtuBytes);
        session = new DeviceSession(
                transport,
                negotiation,
                context.platform().clock(),
                new DeviceCounters(context.counters(), name),
                new Queues());
    }

    /**
     * Starts a network device.
     *
     * @param context what the device may use; its pool must be an {@link io.uk4j.mm.PacketPool}, made from pages of the platform
     * @param transport how the device is reached; closed with this device, and also if this fails
     * @param name a short name, unique in the appliance
     * @throws DeviceException if there is no device, or it cannot be used; says why
     */
    public static VirtioNet open(DeviceContext context, VirtioTransport transport, String name) {
        QueueMemory memory = new QueueMemory(context.platform().pages());
        VirtioNet device = null;
        boolean started = false;
        try {
            long excluded = NetFeatures.NAMES.mask(context.config().get(VirtioKeys.WITHOUT));
            Negotiation negotiation = new Negotiation(transport.name(), NetFeatures.NAMES, WANTED & ~excluded);
            transport.reset();
            negotiation.settle(transport.offeredFeatures());
            dropDependants(negotiation);
            device = new VirtioNet(context, transport, negotiation, memory, name);
            device.session.start();
            started = true;
            return device;
        } catch (VirtioException e) {
            throw new DeviceException(transport.name() + " cannot be used: " + e.getMessage(), null, null, e);
        } finally {
            if (!started) {
                transport.close();
                if (device != null) {
                    device.receive.reclaim();
                }
                memory.close();
            }
        }
    }

    /** Segmentation needs checksums (section 5.1.3.1); a device that offers only the former gets neither. */
    private static void dropDependants(Negotiation negotiation) {
        if (!negotiation.has(NetFeatures.CSUM)) {
            negotiation.without(NetFeatures.HOST_TSO4 | NetFeatures.HOST_TSO6);
        }
        if (!negotiation.has(NetFeatures.GUEST_CSUM)) {
            negotiation.without(GUEST_TSO);
        }
        if ((negotiation.settled() & (NetFeatures.HOST_TSO4 | NetFeatures.HOST_TSO6)) == 0) {
            negotiation.without(NetFeatures.HOST_ECN);
        }
        if ((negotiation.settled() & GUEST_TSO) == 0) {
            negotiation.without(NetFeatures.GUEST_ECN);
        }
    }

    private static int mtuBytes(VirtioTransport transport, Negotiation negotiation) {
        if (!negotiation.has(NetFeatures.MTU)) {
            return DEFAULT_MTU_BYTES;
        }
        int mtuBytes = (int) transport.config(NetFeatures.CONFIG_MTU, 2);
        if (mtuBytes < 68) {
            throw new DeviceException(
                    transport.name() + " has an MTU of " + mtuBytes + " bytes.",
                    "An MTU is 68 bytes or more (RFC 791).",
                    VirtioKeys.WITHOUT.name() + "=mtu");
        }
        return mtuBytes;
    }

    /** What the buffers for one frame must hold; mergeable ones only as much as a common frame. */
    private int bufferBytes(int mtuBytes) {
        if (negotiation.has(NetFeatures.MRG_RXBUF)) {
            return Math.min(mtuBytes, DEFAULT_MTU_BYTES) + LINK_HEADER_BYTES;
        }
        boolean large = (negotiation.settled() & GUEST_TSO) != 0;
        return (large ? LONGEST_PACKET_BYTES : mtuBytes) + LINK_HEADER_BYTES;
    }

    private NetDeviceInfo info(DeviceContext context, String name, int mtuBytes) {
        int offloads = (negotiation.has(NetFeatures.CSUM) ? NetDeviceInfo.OFFLOAD_TX_CHECKSUM : 0)
                | (negotiation.has(NetFeatures.HOST_TSO4) ? NetDeviceInfo.OFFLOAD_TSO4 : 0)
                | (negotiation.has(NetFeatures.HOST_TSO6) ? NetDeviceInfo.OFFLOAD_TSO6 : 0)
                | (negotiation.has(NetFeatures.GUEST_CSUM) ? NetDeviceInfo.OFFLOAD_RX_CHECKSUM : 0)
                | ((negotiation.settled() & GUEST_TSO) != 0 ? NetDeviceInfo.OFFLOAD_RX_LARGE : 0);
        boolean cuts = (offloads & (NetDeviceInfo.OFFLOAD_TSO4 | NetDeviceInfo.OFFLOAD_TSO6)) != 0;
        return new NetDeviceInfo(
                name,
                mac(context),
                mtuBytes,
                offloads,
                (cuts ? LONGEST_PACKET_BYTES : mtuBytes) + ETHERNET_HEADER_BYTES,
                transmit.fragmentLimit(),
                NetHeader.BYTES);
    }

    private MacAddress mac(DeviceContext context) {
        return context.config().find(NetDevices.MAC).orElseGet(() -> {
            if (!negotiation.has(NetFeatures.MAC)) {
                return MacAddress.locallyAdministered(
                        context.platform().entropy().nextLong());
            }
            long bits = 0;
            for (int i = 0; i < 6; i++) {
                bits = bits << 8 | transport.config(NetFeatures.CONFIG_MAC + i, 1);
            }
            MacAddress mac = new MacAddress(bits);
            if (mac.isGroup() || bits == 0) {
                throw new DeviceException(
                        transport.name() + " has the hardware address " + mac + ".",
                        "A station's address is unicast.",
                        NetDevices.MAC.name() + "=02:00:5e:10:00:01");
            }
            return mac;
        });
    }

    /** What happens to the queues when the device begins, for the first time or again. */
    private final class Queues implements DeviceSession.Driver {
        @Override
        public @Nullable DeviceException changed() {
            DeviceException changed = QueueMemory.changed(transport, RECEIVE, receive.queue());
            return changed != null ? changed : QueueMemory.changed(transport, TRANSMIT, transmit.queue());
        }

        @Override
        public void connect() {
            receive.reclaim();
            transmit.reclaim();
            QueueLink receiveLink = transport.connect(RECEIVE, receive.queue().areas());
            QueueLink transmitLink =
                    transport.connect(TRANSMIT, transmit.queue().areas());
            receive.connected(receiveLink);
            transmit.connected(transmitLink);
            if (source == null) {
                source = new JointSource(List.of(transport.source(), receiveLink.source(), transmitLink.source()));
            }
        }

        @Override
        public void started() {
            configChanged();
            receive.refill();
        }

        @Override
        public void configChanged() {
            linkUp = !negotiation.has(NetFeatures.STATUS)
                    || (transport.config(NetFeatures.CONFIG_STATUS, 2) & NetFeatures.LINK_UP) != 0;
        }
    }

    @Override
    public NetDeviceInfo info() {
        return info;
    }

    @Override
    public WaitSource source() {
        return Objects.requireNonNull(source);
    }

    @Override
    public int poll(FrameBatch into) {
        checkOpen();
        if (!session.isRunning() && !session.tend()) {
            return 0;
        }
        int before = into.frames();
        try {
            int sent = transmit.reap();
            receive.poll(into);
            session.polled(sent > 0 || into.frames() > before);
        } catch (VirtioException e) {
            session.violated(e);
        }
        return into.frames() - before;
    }

    @Override
    public int offer(FrameBatch from) {
        checkOpen();
        if (!session.isRunning()) {
            return 0;
        }
        if (!linkUp) {
            int frames = from.frames();
            counters.linkDown.add(frames);
            from.releaseFirst(frames);
            return frames;
        }
        int before = from.frames();
        try {
            transmit.offer(from, info);
        } catch (VirtioException e) {
            session.violated(e);
        }
        return before - from.frames();
    }

    @Override
    public void flush() {
        if (session.isRunning()) {
            transmit.flush();
        }
    }

    @Override
    public boolean arm() {
        checkOpen();
        session.listen();
        if (!session.isRunning()) {
            return false;
        }
        boolean received = receive.arm();
        boolean sent = transmit.arm();
        return received || sent;
    }

    @Override
    public long nextDeadlineNs() {
        return session.nextDeadlineNs();
    }

    @Override
    public String describe() {
        return transport.name() + ", " + receive.queue().describe() + ", link " + (linkUp ? "up" : "down") + ", "
                + session.describe();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            session.close();
            receive.reclaim();
            transmit.reclaim();
            memory.close();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException(transport.name() + " is closed.");
        }
    }
}
