package io.uk4j.virtio.driver;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.JointSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.config.Config;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import io.uk4j.core.net.NetDevices;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioTransport;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver of virtio network devices (VIRTIO 1.3, section 5.1). Frames go to the device as they lie in the packet pool: nothing is
 * copied, and nothing is allocated for a frame.
 *
 * <p>With {@code uk.virtio.queues} above 1 it drives as many pairs of queues, where the device has them: what is sent is spread by flows,
 * so that a device which has a thread for each queue works on several at once. All of them are the loop's that owns this.
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
    private static final Logger LOG = LoggerFactory.getLogger(VirtioNet.class);
    private static final int LINK_HEADER_BYTES = 14 + 4;
    private static final int ETHERNET_HEADER_BYTES = 14;
    private static final int DEFAULT_MTU_BYTES = 1500;
    private static final int LONGEST_PACKET_BYTES = 65_535;

    /** What makes received frames longer than the MTU. */
    private static final long GUEST_LARGE = NetFeatures.GUEST_TSO | NetFeatures.GUEST_USO;

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
            | GUEST_LARGE
            | NetFeatures.GUEST_ECN
            | NetFeatures.HOST_TSO4
            | NetFeatures.HOST_TSO6
            | NetFeatures.HOST_ECN
            | NetFeatures.HOST_USO
            | NetFeatures.MRG_RXBUF
            | NetFeatures.STATUS
            | NetFeatures.CTRL_VQ
            | NetFeatures.MQ
            | NetFeatures.CTRL_MAC_ADDR;

    private final VirtioTransport transport;
    private final Negotiation negotiation;
    private final NetCounters counters;
    private final QueueMemory memory;
    private final QueuePairs pairs;
    private final int controlNumber;
    private final @Nullable ControlQueue control;
    private final NetDeviceInfo info;
    private final DeviceSession session;
    private @Nullable WaitSource source;
    private boolean linkUp = true;

    /** What the device said no to, for an operator. */
    private String refused = "";

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
        int most = negotiation.has(NetFeatures.MQ) ? mostPairs(transport) : 1;
        counters = new NetCounters(context.counters(), name);
        pairs = new QueuePairs(
                transport,
                Math.min(most, context.config().get(VirtioKeys.QUEUES)),
                memory,
                context.config(),
                negotiation,
                context.pool(),
                counters,
                bufferBytes(mtuBytes));
        controlNumber = 2 * most;
        control = negotiation.has(NetFeatures.CTRL_VQ)
                ? new ControlQueue(
                        memory.queue(transport, controlNumber, ControlQueue.SIZE, negotiation.settled()), memory)
                : null;
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
            Negotiation negotiation = new Negotiation(transport.name(), NetFeatures.NAMES, wanted(context.config()));
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
                    device.pairs.reclaim();
                }
                memory.close();
            }
        }
    }

    /** Several queues and an address of one's own are asked for only if that was configured. */
    private static long wanted(Config config) {
        return WANTED
                & ~NetFeatures.NAMES.mask(config.get(VirtioKeys.WITHOUT))
                & ~(config.get(VirtioKeys.QUEUES) > 1 ? 0 : NetFeatures.MQ)
                & ~(config.find(NetDevices.MAC).isPresent() ? 0 : NetFeatures.CTRL_MAC_ADDR);
    }

    /**
     * Segmentation needs checksums, and what is told by the control queue needs that (section 5.1.3.1); a device that offers only the former
     * gets neither. The control queue itself is for nothing else.
     */
    private static void dropDependants(Negotiation negotiation) {
        long control = NetFeatures.MQ | NetFeatures.CTRL_MAC_ADDR;
        if (!negotiation.has(NetFeatures.CTRL_VQ) || (negotiation.settled() & control) == 0) {
            negotiation.without(control | NetFeatures.CTRL_VQ);
        }
        if (!negotiation.has(NetFeatures.CSUM)) {
            negotiation.without(NetFeatures.HOST_TSO4 | NetFeatures.HOST_TSO6 | NetFeatures.HOST_USO);
        }
        if (!negotiation.has(NetFeatures.GUEST_CSUM)) {
            negotiation.without(GUEST_LARGE);
        }
        if ((negotiation.settled() & (NetFeatures.HOST_TSO4 | NetFeatures.HOST_TSO6)) == 0) {
            negotiation.without(NetFeatures.HOST_ECN);
        }
        if ((negotiation.settled() & NetFeatures.GUEST_TSO) == 0) {
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

    private static int mostPairs(VirtioTransport transport) {
        int most = (int) transport.config(NetFeatures.CONFIG_MAX_PAIRS, 2);
        if (most < 1 || most > NetFeatures.PAIRS_LIMIT) {
            throw new DeviceException(
                    transport.name() + " has " + most + " pairs of queues.",
                    "A device has 1 to " + NetFeatures.PAIRS_LIMIT + " (VIRTIO 1.3, section 5.1.4.1).",
                    VirtioKeys.WITHOUT.name() + "=mq");
        }
        return most;
    }

    /** What the buffers for one frame must hold; mergeable ones only as much as a common frame. */
    private int bufferBytes(int mtuBytes) {
        if (negotiation.has(NetFeatures.MRG_RXBUF)) {
            return Math.min(mtuBytes, DEFAULT_MTU_BYTES) + LINK_HEADER_BYTES;
        }
        boolean large = (negotiation.settled() & GUEST_LARGE) != 0;
        return (large ? LONGEST_PACKET_BYTES : mtuBytes) + LINK_HEADER_BYTES;
    }

    private NetDeviceInfo info(DeviceContext context, String name, int mtuBytes) {
        int offloads = (negotiation.has(NetFeatures.CSUM) ? NetDeviceInfo.OFFLOAD_TX_CHECKSUM : 0)
                | (negotiation.has(NetFeatures.HOST_TSO4) ? NetDeviceInfo.OFFLOAD_TSO4 : 0)
                | (negotiation.has(NetFeatures.HOST_TSO6) ? NetDeviceInfo.OFFLOAD_TSO6 : 0)
                | (negotiation.has(NetFeatures.HOST_USO) ? NetDeviceInfo.OFFLOAD_USO : 0)
                | (negotiation.has(NetFeatures.GUEST_CSUM) ? NetDeviceInfo.OFFLOAD_RX_CHECKSUM : 0)
                | ((negotiation.settled() & GUEST_LARGE) != 0 ? NetDeviceInfo.OFFLOAD_RX_LARGE : 0);
        int cutting = NetDeviceInfo.OFFLOAD_TSO4 | NetDeviceInfo.OFFLOAD_TSO6 | NetDeviceInfo.OFFLOAD_USO;
        boolean cuts = (offloads & cutting) != 0;
        return new NetDeviceInfo(
                name,
                mac(context),
                mtuBytes,
                offloads,
                (cuts ? LONGEST_PACKET_BYTES : mtuBytes) + ETHERNET_HEADER_BYTES,
                pairs.fragmentLimit(),
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
            if (negotiation.has(NetFeatures.MQ) && 2 * mostPairs(transport) != controlNumber) {
                // The control queue stands behind all pairs, so that it is another one now.
                return new DeviceException(
                        transport.name() + " came back with " + mostPairs(transport) + " pairs of queues; it had "
                                + controlNumber / 2 + ".",
                        null,
                        "restart the appliance, or the device as it was");
            }
            DeviceException changed = pairs.changed();
            return changed != null || control == null
                    ? changed
                    : QueueMemory.changed(transport, controlNumber, control.queue());
        }

        @Override
        public void connect() {
            List<WaitSource> sources = new ArrayList<>();
            sources.add(transport.source());
            pairs.connect(sources);
            if (control != null) {
                control.reclaim();
                QueueLink link =
                        transport.connect(controlNumber, control.queue().areas());
                control.connected(link);
                sources.add(link.source());
            }
            if (source == null) {
                source = new JointSource(sources);
            }
        }

        @Override
        public void started() {
            configChanged();
            pairs.refill();
            instruct();
        }

        @Override
        public void configChanged() {
            linkUp = !negotiation.has(NetFeatures.STATUS)
                    || (transport.config(NetFeatures.CONFIG_STATUS, 2) & NetFeatures.LINK_UP) != 0;
        }
    }

    /** Tells the device what it has to know. It works with one pair, and its own address, until it agrees. */
    private void instruct() {
        if (control == null) {
            return;
        }
        refused = "";
        if (negotiation.has(NetFeatures.CTRL_MAC_ADDR)) {
            control.submit(
                    NetFeatures.CONTROL_MAC,
                    NetFeatures.MAC_ADDR_SET,
                    Long.reverseBytes(info.mac().bits() << 16),
                    6,
                    done -> agreed(done, "the hardware address " + info.mac()));
        }
        if (pairs.count() > 1) {
            control.submit(NetFeatures.CONTROL_MQ, NetFeatures.MQ_PAIRS_SET, pairs.count(), 2, done -> {
                pairs.use(done ? pairs.count() : 1);
                agreed(done, pairs.count() + " pairs of queues");
            });
        }
    }

    private void agreed(boolean done, String what) {
        if (!done) {
            refused += ", refuses " + what;
            LOG.warn("{} refuses {}", transport.name(), what);
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
            if (control != null && control.isBusy()) {
                control.poll();
            }
            session.polled(pairs.poll(into));
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
            pairs.offer(from, info);
        } catch (VirtioException e) {
            session.violated(e);
        }
        return before - from.frames();
    }

    @Override
    public void flush() {
        if (session.isRunning()) {
            pairs.flush();
        }
    }

    @Override
    public boolean arm() {
        checkOpen();
        session.listen();
        if (!session.isRunning()) {
            return false;
        }
        boolean moved = pairs.arm();
        boolean answered = control != null && control.arm();
        return moved || answered;
    }

    @Override
    public long nextDeadlineNs() {
        return session.nextDeadlineNs();
    }

    @Override
    public String describe() {
        return transport.name() + ", " + pairs.describe() + ", link " + (linkUp ? "up" : "down") + refused + ", "
                + session.describe();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            session.close();
            pairs.reclaim();
            memory.close();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException(transport.name() + " is closed.");
        }
    }
}
