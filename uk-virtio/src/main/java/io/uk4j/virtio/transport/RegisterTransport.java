package io.uk4j.virtio.transport;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceException;
import io.uk4j.core.WaitSource;
import io.uk4j.virtio.Features;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.QueueAreas;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What transports over registers do alike: the device status protocol (VIRTIO 1.3, sections 2.1 and 3.1.1), consistent reads of
 * the configuration (2.5.3), and what an interrupt was about. What a device says is checked, and no wait is without a bound.
 *
 * <p>A device that is not there reads as ones: that is a {@link DeviceException}, and may change. All that a present device does
 * wrong is a {@link VirtioException}.
 */
abstract class RegisterTransport implements VirtioTransport {
    private static final Logger LOG = LoggerFactory.getLogger(RegisterTransport.class);

    /** The most entries of a queue (section 2.6). */
    static final int LARGEST_QUEUE = 32_768;

    /** How often a configuration may change while one field is read. */
    private static final int GENERATIONS = 64;

    /** After so many looks for events without an interrupt the device is asked whether it is still there. */
    static final int LOOKS = 64;

    private final String name;
    private final int deviceType;
    private final Clock clock;
    private final long timeoutNs;

    /** What each queue notifies by; it stays what it was at first. */
    private final Map<Integer, WaitSource> sources = new TreeMap<>();

    /** The status as the driver has told it. */
    private int told;

    private long offered;
    private long interruptsSeen;
    private int looksLeft;
    private boolean closed;

    RegisterTransport(String name, int deviceType, Clock clock, long timeoutNs) {
        if (timeoutNs <= 0) {
            throw new IllegalArgumentException("A time-out of " + timeoutNs + " ns is not more than 0.");
        }
        this.name = name;
        this.deviceType = deviceType;
        this.clock = clock;
        this.timeoutNs = timeoutNs;
    }

    /** Finds the device, checks that it is one of this type, and learns where its registers are. */
    abstract void find();

    /** Whether registers are known, so that the device can be told to stop. */
    abstract boolean isFound();

    /** The status register; all ones of its width as -1. */
    abstract int readStatus();

    abstract void writeStatus(int status);

    /** Makes interrupts reach the loop, after the device was reset. */
    abstract void prepareInterrupts();

    abstract int deviceFeatures(int word);

    abstract void driverFeatures(int word, int bits);

    abstract int configGeneration();

    /** The device's own configuration; of no bytes if it has none. */
    abstract Window deviceConfig();

    /** Selects a queue, and reads how many entries it may have; not checked yet. */
    abstract int selectQueue(int queue);

    /** Shows the device a queue that is selected. */
    abstract QueueLink enableQueue(int queue, QueueAreas areas);

    /** The interrupt that tells of changes of the configuration. */
    abstract Interrupt configInterrupt();

    /**
     * What the interrupt was about, as bits of {@link DeviceStatus}; acknowledges it at the device.
     *
     * @param came whether it is known to have come
     */
    abstract int acknowledgeInterrupt(boolean came);

    /** Called when the transport is closed, also if registers are not known, or not any more. */
    abstract void release(boolean stopped);

    final String at() {
        return name;
    }

    final int expectedType() {
        return deviceType;
    }

    final long offered() {
        return offered;
    }

    final DeviceException gone() {
        return new DeviceException(name + " is not there: its registers read as ones.", null, null);
    }

    final VirtioException violation(String what) {
        return new VirtioException(Violation.PROTOCOL, name + " " + what);
    }

    /** The status of a device that is there. */
    private int status() {
        int status = readStatus();
        if (status == -1) {
            throw gone();
        }
        return status;
    }

    private void tell(int bits) {
        told |= bits;
        writeStatus(told);
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final void reset() {
        find();
        stop();
        prepareInterrupts();
        configInterrupt().unmask();
        looksLeft = 0;
        tell(DeviceStatus.ACKNOWLEDGE);
        tell(DeviceStatus.DRIVER);
    }

    /** Resets the device, and waits until it says that it has stopped (section 2.4.2). */
    private void stop() {
        told = 0;
        writeStatus(0);
        long startNs = clock.nowNs();
        for (int status = status(); status != 0; status = status()) {
            if (clock.nowNs() - startNs >= timeoutNs) {
                throw violation("does not leave reset: after " + timeoutNs / 1_000_000 + " ms its status is still 0x"
                        + Integer.toHexString(status) + ".");
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public final long offeredFeatures() {
        long low = Integer.toUnsignedLong(deviceFeatures(0));
        long features = low | (long) deviceFeatures(1) << 32;
        if (features == -1) {
            status();
        }
        offered = features;
        return features;
    }

    @Override
    public final void accept(long features) {
        driverFeatures(0, (int) features);
        driverFeatures(1, (int) (features >>> 32));
        tell(DeviceStatus.FEATURES_OK);
        if ((status() & DeviceStatus.FEATURES_OK) == 0) {
            tell(DeviceStatus.FAILED);
            boolean translated = Features.has(offered & ~features, Features.ACCESS_PLATFORM);
            throw violation("refuses the features 0x" + Long.toHexString(features) + " of the 0x"
                    + Long.toHexString(offered) + " that it offers"
                    + (translated ? "; it may insist on access_platform, which is not supported." : "."));
        }
    }

    @Override
    public final long config(int offset, int bytes) {
        Window fields = configWith(offset, bytes);
        for (int i = 0; i < GENERATIONS; i++) {
            int before = configGeneration();
            long value = fields.field(offset, bytes);
            if (configGeneration() == before) {
                if (value == -1L >>> (Long.SIZE - 8 * bytes)) {
                    // A value of ones is what there is when nobody is there.
                    status();
                }
                return value;
            }
        }
        status();
        throw violation("changes its configuration each of the " + GENERATIONS + " times that it is read.");
    }

    @Override
    public final boolean tryWriteConfig(int offset, int bytes, long value) {
        if (!isFound() || !deviceConfig().has(offset, bytes)) {
            return false;
        }
        deviceConfig().field(offset, bytes, value);
        return true;
    }

    private Window configWith(int offset, int bytes) {
        Window fields = deviceConfig();
        if (!fields.has(offset, bytes)) {
            throw violation("has " + fields.sizeBytes() + " bytes of configuration, and no field of " + bytes
                    + " bytes at " + offset + ".");
        }
        return fields;
    }

    @Override
    public final int queueLimit(int queue) {
        int limit = selectQueue(queue);
        if (limit < 0 || limit > LARGEST_QUEUE) {
            status();
            throw violation("has a queue " + queue + " of " + Integer.toUnsignedString(limit)
                    + " entries; a queue has at most " + LARGEST_QUEUE + ".");
        }
        return limit;
    }

    @Override
    public final QueueLink connect(int queue, QueueAreas areas) {
        int limit = queueLimit(queue);
        if (areas.size() > limit) {
            throw violation(
                    "has a queue " + queue + " of " + limit + " entries, where " + areas.size() + " are to be used.");
        }
        QueueLink link = enableQueue(queue, areas);
        WaitSource before = sources.putIfAbsent(queue, link.source());
        if (before != null && !before.equals(link.source())) {
            throw violation("maps queue " + queue + " to another interrupt than it did before.");
        }
        return link;
    }

    /** Refuses a queue that is in use before it was connected. */
    final void requireIdle(int queue, int enabled) {
        if (enabled != 0) {
            status();
            throw violation("has queue " + queue + " enabled (" + enabled + ") before it is connected.");
        }
    }

    @Override
    public final void start() {
        tell(DeviceStatus.DRIVER_OK);
    }

    /**
     * Asks the device only if its interrupt has come since the last time, or nothing was asked for long: each question costs an
     * exit to the hypervisor. What makes a device need a reset is told by the same interrupt (section 2.1.2).
     */
    @Override
    public final int pollEvents() {
        Interrupt interrupt = configInterrupt();
        long count = interrupt.count();
        boolean came = count != interruptsSeen;
        boolean due = --looksLeft <= 0;
        if (!came && !due) {
            return 0;
        }
        interruptsSeen = count;
        int causes;
        try {
            causes = acknowledgeInterrupt(came);
        } finally {
            // The line may be that of other devices, too.
            interrupt.unmask();
        }
        if (due) {
            looksLeft = LOOKS;
        }
        boolean changed = (causes & DeviceStatus.CONFIG_CAUSE) != 0;
        if (!changed && !due) {
            return 0;
        }
        int status = status();
        // One that does not run any more was reset by somebody else, or is another.
        boolean lost = (status & DeviceStatus.NEEDS_RESET) != 0 || (status & DeviceStatus.DRIVER_OK) == 0;
        return (lost ? NEEDS_RESET : 0) | (changed ? CONFIG_CHANGED : 0);
    }

    @Override
    public final WaitSource source() {
        return configInterrupt().source();
    }

    @Override
    public final void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (!isFound()) {
            // It may have run before, and run still: a reset that failed to find it did not stop it.
            release(false);
            return;
        }
        boolean stopped = false;
        try {
            stop();
            stopped = true;
        } catch (DeviceException _) {
            // One that is not there has stopped.
            stopped = true;
        } catch (VirtioException e) {
            LOG.error("{} is closed, but may go on: {}", name, e.getMessage());
        } finally {
            release(stopped);
        }
    }
}
