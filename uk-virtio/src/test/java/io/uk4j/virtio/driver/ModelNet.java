package io.uk4j.virtio.driver;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.NetDevices;
import io.uk4j.mm.PacketPool;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.queue.DeviceQueue;
import io.uk4j.virtio.transport.VirtioSlot;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A network device that is nothing but a far end: what is sent to it waits until a test takes it. */
final class ModelNet implements AutoCloseable {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final long ALL = Features.VERSION_1
            | Features.INDIRECT_DESC
            | Features.EVENT_IDX
            | NetFeatures.CSUM
            | NetFeatures.GUEST_CSUM
            | NetFeatures.GUEST_TSO4
            | NetFeatures.GUEST_TSO6
            | NetFeatures.HOST_TSO4
            | NetFeatures.HOST_TSO6
            | NetFeatures.MRG_RXBUF
            | NetFeatures.MAC
            | NetFeatures.MTU
            | NetFeatures.STATUS;

    /** What a device with several pairs of queues offers besides; it has {@value #PAIRS}. */
    static final long SEVERAL = NetFeatures.MQ | NetFeatures.CTRL_VQ;

    static final int PAIRS = 4;

    final ModelPlatform platform = new ModelPlatform();
    final ModelTransport transport;
    final MetricRegistry counters = new MetricRegistry();
    final PacketPool pool = PacketPool.builder(platform.pages())
            .sizeClass(2048, 1024)
            .sizeClass(16_384, 64)
            .trackLeaks(true)
            .build();
    final VirtioNet device;

    /** The commands that it was given, as {@code CLASS.COMMAND:DATA} in hexadecimal. */
    final List<String> commands = new ArrayList<>();

    /** What it answers to commands; -1 for nothing at all. */
    int answer;

    /** How many pairs it uses. */
    int pairsInUse = 1;

    /** By which pair the last frame came that the driver sent. */
    int lastPair;

    /** Frames that the device has no buffer for yet. */
    private final ArrayDeque<byte[]> backlog = new ArrayDeque<>();

    ModelNet(long features, String... settings) {
        this(features, _ -> {}, settings);
    }

    ModelNet(long features, Consumer<ByteBuffer> configuring, String... settings) {
        transport = new ModelTransport(platform, "net", features);
        transport.config.put(0, new byte[] {2, 0, 0, 0, 0, 9});
        transport.config.putShort(NetFeatures.CONFIG_STATUS, (short) NetFeatures.LINK_UP);
        transport.config.putShort(NetFeatures.CONFIG_MTU, (short) 1500);
        transport.config.putShort(NetFeatures.CONFIG_MAX_PAIRS, (short) PAIRS);
        if (Features.has(features, NetFeatures.CTRL_VQ)) {
            transport.queues = Features.has(features, NetFeatures.MQ) ? 2 * PAIRS + 1 : 3;
        }
        configuring.accept(transport.config);
        transport.onKick = this::work;
        device = VirtioNet.open(context(settings), Bus.attach(transport, VirtioSlot.NETWORK), "net0");
    }

    DeviceContext context(String... settings) {
        Configs.Builder config = Configs.builder().keys(new VirtioKeys().keys()).keys(List.of(NetDevices.MAC));
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            config.set(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return new DeviceContext(platform, config.build(), counters, pool);
    }

    /** Sends a frame to the driver, with a header that says nothing. */
    void send(byte[] frame) {
        send(new byte[NetHeader.BYTES], frame);
    }

    /** Sends a frame to the driver with a header; the number of buffers is filled in. */
    void send(byte[] header, byte[] frame) {
        byte[] whole = new byte[header.length + frame.length];
        System.arraycopy(header, 0, whole, 0, header.length);
        System.arraycopy(frame, 0, whole, header.length, frame.length);
        backlog.add(whole);
        work();
    }

    /** Moves waiting frames as far as the driver's buffers go. */
    void work() {
        if (!transport.started) {
            return;
        }
        control();
        while (!backlog.isEmpty() && deliver(transport.queue(2 * pairFor(backlog.peek())), backlog.peek())) {
            backlog.remove();
        }
        for (int pair = 0; pair < pairsInUse; pair++) {
            transport.queue(2 * pair).publish();
            transport.call(2 * pair);
        }
    }

    /** Frames of one flow go by one pair: IPv4 by the last bits of the source port. */
    private int pairFor(byte[] whole) {
        boolean ipv4 = whole.length > 48 && whole[24] == 8 && whole[25] == 0;
        return ipv4 ? (whole[47] & 0xff) % pairsInUse : 0;
    }

    private void control() {
        if (!Features.has(transport.accepted, NetFeatures.CTRL_VQ)) {
            return;
        }
        int number = transport.queues - 1;
        DeviceQueue queue = transport.queue(number);
        for (int id = queue.next(); id != DeviceQueue.NONE; id = queue.next()) {
            byte[] command = new byte[queue.length(0)];
            MemorySegment.copy(queue.segment(0), ValueLayout.JAVA_BYTE, queue.offset(0), command, 0, command.length);
            commands.add(command[0] + "." + command[1] + ":" + HexFormat.of().formatHex(command, 2, command.length));
            if (command[0] == NetFeatures.CONTROL_MQ && answer == 0) {
                pairsInUse = command[2];
            }
            if (answer >= 0) {
                queue.segment(1).set(ValueLayout.JAVA_BYTE, queue.offset(1), (byte) answer);
                queue.complete(id, 1);
            }
        }
        queue.arm();
        queue.publish();
        transport.call(number);
    }

    private int[] heads = new int[64];
    private int[] lengths = new int[64];

    private boolean deliver(DeviceQueue queue, byte[] whole) {
        // A frame that needs more buffers than there are now waits whole; the chains taken so far are kept for it.
        int done = 0;
        int buffers = 0;
        MemorySegment first = null;
        long firstAt = 0;
        while (done < whole.length) {
            int id = queue.next();
            if (id == DeviceQueue.NONE) {
                if (buffers > 0) {
                    throw new IllegalStateException("The test's frames are larger than the ring.");
                }
                queue.arm();
                return false;
            }
            int into = 0;
            for (int i = 0; i < queue.ranges() && done < whole.length; i++) {
                int part = Math.min(whole.length - done, queue.length(i));
                MemorySegment.copy(whole, done, queue.segment(i), ValueLayout.JAVA_BYTE, queue.offset(i), part);
                if (first == null) {
                    first = queue.segment(i);
                    firstAt = queue.offset(i);
                }
                done += part;
                into += part;
            }
            heads[buffers] = id;
            lengths[buffers++] = into;
            if (!Features.has(transport.accepted, NetFeatures.MRG_RXBUF)) {
                break;
            }
        }
        first.set(SHORT, firstAt + 10, (short) buffers);
        for (int i = 0; i < buffers; i++) {
            queue.complete(heads[i], lengths[i]);
        }
        return true;
    }

    /** Takes the next frame that the driver sent, header in front; null if there is none. */
    byte @Nullable [] receiveWhole() {
        for (int pair = 0; pair < pairsInUse; pair++) {
            byte[] whole = receiveWhole(2 * pair + 1);
            if (whole != null) {
                lastPair = pair;
                return whole;
            }
        }
        return null;
    }

    private byte @Nullable [] receiveWhole(int number) {
        DeviceQueue queue = transport.queue(number);
        int id = queue.next();
        if (id == DeviceQueue.NONE) {
            queue.arm();
            return null;
        }
        int bytes = 0;
        for (int i = 0; i < queue.ranges(); i++) {
            bytes += queue.length(i);
        }
        byte[] whole = new byte[bytes];
        int at = 0;
        for (int i = 0; i < queue.ranges(); i++) {
            MemorySegment.copy(queue.segment(i), ValueLayout.JAVA_BYTE, queue.offset(i), whole, at, queue.length(i));
            at += queue.length(i);
        }
        queue.complete(id, 0);
        queue.publish();
        transport.call(number);
        return whole;
    }

    /** Takes the next frame without its header. */
    byte @Nullable [] receive() {
        byte[] whole = receiveWhole();
        return whole == null ? null : java.util.Arrays.copyOfRange(whole, NetHeader.BYTES, whole.length);
    }

    /** The value of a counter, over all its labels that contain a text. */
    long counter(String name, String labelPart) {
        long[] sum = {0};
        counters.forEach((metric, labels, _, _, value) ->
                sum[0] += metric.equals(name) && labels.contains(labelPart) ? value : 0);
        return sum[0];
    }

    @Override
    public void close() {
        device.close();
        pool.close();
        platform.close();
        if (platform.allocatedBytes() != 0) {
            throw new AssertionError("Pages were not released: " + platform.allocatedBytes() + " bytes.");
        }
    }
}
