package io.uk4j.virtio.driver;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceException;
import io.uk4j.core.EntropySource;
import io.uk4j.core.Pages;
import io.uk4j.core.PlatformException;
import io.uk4j.core.metrics.Counter;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.Virtqueue;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The driver of virtio entropy devices (VIRTIO 1.3, section 5.4). Bytes come from the device as they are asked for: none are kept,
 * so that two copies of one machine never share any. It is meant for seeds; every call costs an exit to the hypervisor at least.
 *
 * <p>A call takes {@code uk.virtio.entropy.timeout} at most, and the calling thread spins meanwhile. A device that breaks the rules
 * or goes away is started again within that time. Bytes of a device that gives the same one {@value #REPETITIONS} times in a row
 * are not used (the repetition count test of NIST SP 800-90B, section 4.4.1): random ones do that once in 2^88. What else a device
 * gives cannot be told from randomness, and is believed.
 *
 * <p>Its counters: {@code uk_virtio_entropy_bytes_total}, {@code uk_virtio_violations_total} by rule, {@code
 * uk_virtio_restarts_total}.
 *
 * <p>Thread rule: shared; one call at a time is served.
 */
public final class VirtioEntropy implements EntropySource, AutoCloseable {
    static final int REPETITIONS = 12;

    private static final int QUEUE = 0;
    private static final int REQUEST_BYTES = 1024;

    private final Object lock = new Object();
    private final VirtioTransport transport;
    private final Clock clock;
    private final long timeoutNs;
    private final QueueMemory memory;
    private final Virtqueue queue;
    private final Pages buffer;
    private final byte[] taken = new byte[REQUEST_BYTES];
    private final Counter bytes;
    private final DeviceSession session;
    private @Nullable QueueLink link;

    /** Whether the device has the buffer: also when the call that gave it has run out of time. */
    private boolean asked;

    private int lastByte = -1;
    private int repetitions;
    private boolean closed;

    private VirtioEntropy(
            VirtioContext context,
            VirtioTransport transport,
            Negotiation negotiation,
            QueueMemory memory,
            String name) {
        this.transport = transport;
        this.memory = memory;
        clock = context.clock();
        timeoutNs = context.config().get(VirtioKeys.ENTROPY_TIMEOUT).toNanos();
        queue = memory.queue(transport, QUEUE, context.config(), negotiation.settled());
        buffer = memory.allocate(REQUEST_BYTES);
        bytes = context.counters()
                .with("device", name)
                .counter("uk_virtio_entropy_bytes_total", "Random bytes taken from a virtio entropy device.");
        session = new DeviceSession(
                transport, negotiation, clock, new DeviceCounters(context.counters(), name), new Queues());
    }

    /**
     * Starts an entropy device.
     *
     * @param context what the device may use
     * @param transport how the device is reached; closed with this device, and also if this fails
     * @param name a short name, unique in the appliance
     * @throws DeviceException if there is no device, or it cannot be used; says why
     */
    public static VirtioEntropy open(VirtioContext context, VirtioTransport transport, String name) {
        QueueMemory memory = new QueueMemory(context.pages());
        boolean started = false;
        try {
            Negotiation negotiation = new Negotiation(transport.name(), new FeatureNames(Map.of()), 0);
            transport.reset();
            negotiation.settle(transport.offeredFeatures());
            VirtioEntropy device = new VirtioEntropy(context, transport, negotiation, memory, name);
            device.session.start();
            started = true;
            return device;
        } catch (VirtioException e) {
            throw new DeviceException(transport.name() + " cannot be used: " + e.getMessage(), null, null, e);
        } finally {
            if (!started) {
                transport.close();
                memory.close();
            }
        }
    }

    /** What happens to the queue when the device begins, for the first time or again. */
    private final class Queues implements DeviceSession.Driver {
        @Override
        public @Nullable DeviceException changed() {
            return QueueMemory.changed(transport, QUEUE, queue);
        }

        @Override
        public void connect() {
            queue.reset();
            asked = false;
            link = transport.connect(QUEUE, queue.areas());
        }

        @Override
        public void started() {
            // It is asked when somebody asks.
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws PlatformException if the device did not give enough in time, was given up, or is closed; the target's content is
     *     of no use then
     * @throws IllegalArgumentException if the target is read-only
     */
    @Override
    public void fill(MemorySegment target) {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException("The target is read-only.");
        }
        synchronized (lock) {
            long startNs = clock.nowNs();
            long filled = 0;
            while (filled < target.byteSize()) {
                int count = draw((int) Math.min(REQUEST_BYTES, target.byteSize() - filled), startNs);
                if (count < 0) {
                    filled = 0;
                    continue;
                }
                int part = (int) Math.min(count, target.byteSize() - filled);
                MemorySegment.copy(MemorySegment.ofArray(taken), 0, target, filled, part);
                java.util.Arrays.fill(taken, 0, count, (byte) 0);
                filled += part;
                if (filled < target.byteSize()) {
                    requireTime(startNs);
                }
            }
            bytes.add(filled);
        }
    }

    /** Takes what the device gives next, one byte or more; negative if it was at fault, so that what it gave before is suspect. */
    private int draw(int wanted, long startNs) {
        while (true) {
            int count;
            try {
                count = tryDraw(wanted);
            } catch (VirtioException e) {
                session.violated(e);
                count = -1;
            } catch (DeviceException e) {
                throw new PlatformException(transport.name() + " gives no entropy: " + e.getMessage(), null, null, e);
            }
            if (count > 0) {
                return count;
            }
            requireTime(startNs);
            if (count < 0) {
                return count;
            }
            Thread.onSpinWait();
        }
    }

    private void requireTime(long startNs) {
        if (clock.nowNs() - startNs >= timeoutNs) {
            throw new PlatformException(
                    transport.name() + " did not give enough entropy within " + timeoutNs / 1_000_000 + " ms.",
                    null,
                    "a larger " + VirtioKeys.ENTROPY_TIMEOUT.name() + ", or a device with a higher rate");
        }
    }

    private int tryDraw(int wanted) {
        if (closed) {
            throw new DeviceException("it is closed.", null, null);
        }
        if (!session.isRunning() && !session.tend()) {
            return 0;
        }
        if (!asked) {
            ask(wanted);
        }
        int count = reap();
        session.polled(count > 0);
        return count;
    }

    private void ask(int wanted) {
        queue.add(buffer.deviceAddress(), wanted, true);
        queue.end();
        queue.publish();
        asked = true;
        if (queue.needsKick()) {
            Objects.requireNonNull(link).kick();
        }
    }

    private int reap() {
        if (queue.poll() == Virtqueue.NONE) {
            return 0;
        }
        asked = false;
        int count = queue.usedBytes();
        if (count == 0) {
            throw new VirtioException(Violation.PROTOCOL, transport.name() + " gave no byte (section 5.4.6.2).");
        }
        // Into memory that the device cannot change, before it is looked at.
        MemorySegment.copy(buffer.segment(), 0, MemorySegment.ofArray(taken), 0, count);
        buffer.segment().asSlice(0, count).fill((byte) 0);
        requireVariety(count);
        return count;
    }

    private void requireVariety(int count) {
        for (int i = 0; i < count; i++) {
            repetitions = taken[i] == lastByte ? repetitions + 1 : 1;
            lastByte = taken[i];
            if (repetitions >= REPETITIONS) {
                // The next one of the same is one too many again.
                throw new VirtioException(
                        Violation.PROTOCOL,
                        transport.name() + " gave the byte " + (lastByte & 0xff) + " " + REPETITIONS
                                + " times in a row.");
            }
        }
    }

    /** Its state, for an operator. */
    public String describe() {
        synchronized (lock) {
            return transport.name() + ", entropy, " + session.describe();
        }
    }

    /** Closes the transport. Closing twice has no further effect. */
    @Override
    public void close() {
        synchronized (lock) {
            if (!closed) {
                closed = true;
                session.close();
                memory.close();
            }
        }
    }
}
