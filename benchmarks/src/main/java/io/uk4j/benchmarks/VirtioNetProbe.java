package io.uk4j.benchmarks;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDevices;
import io.uk4j.mm.PacketPool;
import io.uk4j.platform.unix.UnixPlatform;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * The network driver over vhost-user, measured from within; a process of its own, so that it can be run under any
 * collector, Epsilon among them, which never collects.
 *
 * <p>Prints one line: {@code frames N ns N heap N}, for {@code latency} followed by percentiles of the round trip in ns.
 */
final class VirtioNetProbe {
    private static final int BURST = 32;
    private static final int LATENCY_SAMPLES = 1 << 20;

    private final NetDevice device;
    private final PacketPool pool;
    private final int frameBytes;
    private final FrameBatch out = new FrameBatch(BURST, BURST * 4);
    private final FrameBatch in = new FrameBatch(BURST, BURST * 4);
    private long frames;

    private VirtioNetProbe(NetDevice device, PacketPool pool, int frameBytes) {
        this.device = device;
        this.pool = pool;
        this.frameBytes = frameBytes;
    }

    /**
     * Runs one case.
     *
     * @param args {@code transmit|receive|exchange|latency}, socket, bytes of a frame, seconds to warm up, seconds to measure, and
     *     settings of the configuration
     */
    public static void main(String[] args) {
        Configs.Builder config = Configs.builder().discoverKeys(VirtioNetProbe.class.getClassLoader());
        for (int i = 5; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            config.set(args[i].substring(0, equals), args[i].substring(equals + 1));
        }
        try (UnixPlatform platform = UnixPlatform.create();
                PacketPool pool = PacketPool.builder(platform.pages())
                        .sizeClass(2048, 4096)
                        .build();
                NetDevice device = NetDevices.open(
                        new DeviceContext(platform, config.build(), new MetricRegistry(), pool),
                        "vhost-user:" + args[1])) {
            VirtioNetProbe probe = new VirtioNetProbe(device, pool, Integer.parseInt(args[2]));
            long warmUpNs = (long) (Double.parseDouble(args[3]) * 1e9);
            long durationNs = (long) (Double.parseDouble(args[4]) * 1e9);
            System.out.println(
                    args[0].equals("latency")
                            ? probe.latency(warmUpNs, durationNs)
                            : probe.measure(args[0], warmUpNs, durationNs));
            probe.in.clear();
            probe.out.clear();
        }
    }

    private String measure(String mode, long warmUpNs, long durationNs) {
        run(mode, warmUpNs);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long framesBefore = frames;
        long heapBefore = threads.getCurrentThreadAllocatedBytes();
        long elapsedNs = run(mode, durationNs);
        long heap = threads.getCurrentThreadAllocatedBytes() - heapBefore;
        return "frames " + (frames - framesBefore) + " ns " + elapsedNs + " heap " + heap;
    }

    private long run(String mode, long durationNs) {
        long startNs = System.nanoTime();
        long elapsedNs;
        do {
            for (int i = 0; i < 1000; i++) {
                switch (mode) {
                    case "transmit" -> {
                        frames += send();
                        device.poll(in);
                        in.clear();
                    }
                    case "receive" -> frames += receive();
                    case "exchange" -> {
                        send();
                        frames += receive();
                    }
                    default -> throw new IllegalArgumentException(mode);
                }
            }
            elapsedNs = System.nanoTime() - startNs;
        } while (elapsedNs < durationNs);
        return elapsedNs;
    }

    private int send() {
        while (out.frameSpace() > 0) {
            ByteBuf buffer = pool.tryAcquire(frameBytes);
            if (buffer == null) {
                break;
            }
            write(buffer);
            out.append(buffer, buffer.readerIndex(), frameBytes);
            out.endFrame();
        }
        int accepted = device.offer(out);
        if (accepted > 0) {
            device.flush();
        }
        return accepted;
    }

    /** Ethernet, IPv4 and UDP headers, as DPDK's txonly mode writes them. */
    private void write(ByteBuf buffer) {
        int at = buffer.writerIndex();
        buffer.setLong(at, 0x0200_0000_0002_0200L);
        buffer.setLong(at + 8, 0x0000_0001_0800_4500L);
        buffer.setLong(at + 16, ((frameBytes - 14L) << 48) | 0x0000_0000_4011L);
        buffer.setLong(at + 24, 0x0000_c612_0001_c612L);
        buffer.setLong(at + 32, 0x0002_0009_0009_0000L | (frameBytes - 34L));
        buffer.setShort(at + 40, 0);
        buffer.writerIndex(at + frameBytes);
    }

    private int receive() {
        int received = device.poll(in);
        in.releaseFirst(received);
        return received;
    }

    /** One frame at a time, there and back. */
    private String latency(long warmUpNs, long durationNs) {
        int[] samples = new int[LATENCY_SAMPLES];
        long startNs = System.nanoTime();
        int count = 0;
        long now = startNs;
        while (now - startNs < warmUpNs + durationNs) {
            ByteBuf buffer = pool.tryAcquire(frameBytes);
            if (buffer == null) {
                throw new IllegalStateException("The pool is empty.");
            }
            write(buffer);
            out.append(buffer, buffer.readerIndex(), frameBytes);
            out.endFrame();
            long sentNs = System.nanoTime();
            device.offer(out);
            device.flush();
            while (receive() == 0) {
                Thread.onSpinWait();
            }
            now = System.nanoTime();
            if (now - startNs > warmUpNs && count < samples.length) {
                samples[count++] = (int) Math.min(Integer.MAX_VALUE, now - sentNs);
            }
        }
        Arrays.sort(samples, 0, count);
        StringBuilder text = new StringBuilder("frames " + count + " ns " + durationNs + " heap 0");
        for (double percentile : new double[] {50, 90, 99, 99.9, 99.99}) {
            text.append(' ').append(samples[(int) Math.min(count - 1, count * percentile / 100)]);
        }
        return text.toString();
    }
}
