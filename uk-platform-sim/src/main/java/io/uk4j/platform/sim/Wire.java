package io.uk4j.platform.sim;

import io.uk4j.core.BufferPool;
import io.uk4j.core.Duty;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A link in memory between two network devices. Untouched, it is perfect and takes no time: a frame is in the far end's
 * queue when the offer returns. Each {@linkplain WireDirection direction} can delay, lose, duplicate, reorder and corrupt
 * frames, decided by the seed of the simulation and the name of the wire.
 *
 * <p>Buffers: frames cross by copy. An accepted frame's buffers are released before the offer returns; at its arrival it is
 * copied into buffers of the receiving end's pool, and where that pool has none left the frame is dropped and counted,
 * as a network card does. A frame longer than the pool's largest buffer arrives in several fragments.
 *
 * <p>Queue: each direction holds a bounded number of frames, on their way or waiting to be polled. At the limit an offer
 * is cut short: nothing is lost silently.
 *
 * <p>Offloads: with those for sending announced, a frame crosses as it was offered, as between two TAP devices on one
 * host: long TCP frames stay whole, a missing checksum stays missing, and the receiving end is told both. So both ends
 * announce the same, the receiving offloads with the sending ones.
 *
 * <p>Thread rule: used by the thread of the simulation; both ends' loops run on it.
 */
public final class Wire implements AutoCloseable {
    /** How many frames a direction holds, unless set otherwise. */
    public static final int DEFAULT_QUEUE_FRAMES = 1024;

    private static final int ETHERNET_BYTES = 14;
    private static final int LARGEST_FRAME_BYTES = 65_535 + ETHERNET_BYTES;

    /** Chooses what a wire is like. */
    public static final class Builder {
        private final Simulation simulation;
        private @Nullable String name;
        private int mtuBytes = 1500;
        private boolean offloads;
        private int queueFrames = DEFAULT_QUEUE_FRAMES;
        private int maxFragments = 64;

        private Builder(Simulation simulation) {
            this.simulation = simulation;
        }

        /**
         * A name, from which the names of the two devices follow, and the wire's random decisions; {@code wire0}, {@code
         * wire1} and so on unless set.
         *
         * @param newName unique in the simulation
         * @return this
         */
        public Builder name(String newName) {
            name = newName;
            return this;
        }

        /**
         * The largest IP packet; 1,500 unless set.
         *
         * @param newMtuBytes 68 to 65,535
         * @return this
         */
        public Builder mtuBytes(int newMtuBytes) {
            mtuBytes = newMtuBytes;
            return this;
        }

        /**
         * Whether both ends announce checksum offload and that of TCP and UDP segmentation, for IPv4 and IPv6, in both directions; not
         * unless set.
         *
         * @param announced whether they do
         * @return this
         */
        public Builder offloads(boolean announced) {
            offloads = announced;
            return this;
        }

        /**
         * How many frames each direction holds; {@value #DEFAULT_QUEUE_FRAMES} unless set.
         *
         * @param frames more than 0
         * @return this
         */
        public Builder queueFrames(int frames) {
            if (frames < 1) {
                throw new IllegalArgumentException("A queue of " + frames + " frames carries nothing.");
            }
            queueFrames = frames;
            return this;
        }

        /**
         * How many fragments an offered frame may have; 64 unless set.
         *
         * @param fragments more than 0
         * @return this
         */
        public Builder maxFragments(int fragments) {
            maxFragments = fragments;
            return this;
        }

        /**
         * Lays the wire. The simulation delivers its frames until it is closed.
         *
         * @param poolA where frames are put that arrive at end a
         * @param poolB where frames are put that arrive at end b; may be the same one
         */
        public Wire build(BufferPool poolA, BufferPool poolB) {
            return new Wire(this, poolA, poolB);
        }
    }

    private final Simulation simulation;
    private final List<FrameTap> taps = new ArrayList<>();
    private final WireDirection aToB;
    private final WireDirection bToA;
    private final WireEnd a;
    private final WireEnd b;
    private final Duty delivery;

    private Wire(Builder builder, BufferPool poolA, BufferPool poolB) {
        simulation = builder.simulation;
        int number = simulation.nextWireNumber();
        String name = builder.name == null ? "wire" + number : builder.name;
        NetDeviceInfo infoA = info(builder, name + "-a", MacAddress.locallyAdministered((number << 8) | 0x0a));
        NetDeviceInfo infoB = info(builder, name + "-b", MacAddress.locallyAdministered((number << 8) | 0x0b));
        Doorbell bellA = new Doorbell();
        Doorbell bellB = new Doorbell();
        aToB = new WireDirection(infoA.name(), simulation, infoA, poolB, builder.queueFrames, bellA, bellB, taps);
        bToA = new WireDirection(infoB.name(), simulation, infoB, poolA, builder.queueFrames, bellB, bellA, taps);
        a = new WireEnd(infoA, simulation, bellA, aToB, bToA);
        b = new WireEnd(infoB, simulation, bellB, bToA, aToB);
        delivery = new Duty() {
            @Override
            public int poll(long nowNs) {
                return aToB.deliverDue(nowNs) + bToA.deliverDue(nowNs);
            }

            @Override
            public long nextDeadlineNs() {
                return Math.min(aToB.nextNs(), bToA.nextNs());
            }
        };
        simulation.add(name, delivery);
    }

    private static NetDeviceInfo info(Builder builder, String name, MacAddress mac) {
        int offloads = builder.offloads
                ? NetDeviceInfo.OFFLOAD_TX_CHECKSUM
                        | NetDeviceInfo.OFFLOAD_TSO4
                        | NetDeviceInfo.OFFLOAD_TSO6
                        | NetDeviceInfo.OFFLOAD_USO
                        | NetDeviceInfo.OFFLOAD_RX_CHECKSUM
                        | NetDeviceInfo.OFFLOAD_RX_LARGE
                : 0;
        int maxFrameBytes = builder.offloads ? LARGEST_FRAME_BYTES : builder.mtuBytes + ETHERNET_BYTES;
        return new NetDeviceInfo(name, mac, builder.mtuBytes, offloads, maxFrameBytes, builder.maxFragments, 0);
    }

    /**
     * Begins a wire of a simulation.
     *
     * @param simulation whose clock and seed it lives by
     */
    public static Builder builder(Simulation simulation) {
        return new Builder(simulation);
    }

    /** One end. */
    public NetDevice a() {
        return a;
    }

    /** The other end. */
    public NetDevice b() {
        return b;
    }

    /** The way from a to b. */
    public WireDirection aToB() {
        return aToB;
    }

    /** The way from b to a. */
    public WireDirection bToA() {
        return bToA;
    }

    /**
     * Lets somebody see the frames of both directions from now on. A wire with a tap copies each frame once more for each
     * tap, and allocates.
     *
     * @param tap who wants to see them
     */
    public void tap(FrameTap tap) {
        taps.add(tap);
    }

    /** Takes a tap out. Has no effect if it is not there. */
    public void untap(FrameTap tap) {
        taps.remove(tap);
    }

    /** Closes both ends, gives back the buffers of frames that nobody polled, and leaves the simulation. */
    @Override
    public void close() {
        a.close();
        b.close();
        simulation.remove(delivery);
    }
}
