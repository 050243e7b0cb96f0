package io.uk4j.virtio.driver;

import io.uk4j.core.Clock;
import io.uk4j.core.Console;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.metrics.Counters;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioTransport;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The driver of virtio consoles (VIRTIO 1.3, section 5.3), with one port.
 *
 * <p>{@link #write} never waits for the device: text that it has no room for waits here, up to {@value
 * TextBacklog#LIMIT_BYTES} bytes; what comes on top is dropped and counted. What waits goes out at the next write, or when a loop
 * polls this duty. A device that breaks the rules, wants a reset or goes away is started again, and given again what it was not
 * done with, so that text may come twice, but is not lost. If it is given up and has an emergency register (section 5.3.5), text goes
 * through that, a character at a time and {@value #EMERGENCY_BYTES} at once; without one it is dropped and counted.
 *
 * <p>Input is read when a loop polls this duty, and not before: Control-C is the wish to stop, all else is ignored.
 *
 * <p>Its counters: {@code uk_virtio_console_written_bytes_total}, {@code uk_virtio_console_dropped_bytes_total}, {@code
 * uk_virtio_violations_total} by rule, {@code uk_virtio_restarts_total}.
 *
 * <p>Thread rule: shared. As a duty it belongs to the loop that it is added to, if any; the loop registers {@link #source}.
 */
public final class VirtioConsole implements Console, Duty, AutoCloseable {
    static final int EMERGENCY_BYTES = 4096;

    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    /** MULTIPORT is not wanted: there is port 0 alone then, without control queues (section 5.3.2). */
    private static final long WANTED = ConsoleFeatures.SIZE | ConsoleFeatures.EMERG_WRITE;

    /** How long closing waits for the device to take what is left. */
    private static final long CLOSE_NS = 500_000_000;

    /** Never waited for by writers: whoever holds it may log, and that may end here again, or wait for one who writes. */
    private final ReentrantLock lock = new ReentrantLock();

    private final VirtioTransport transport;
    private final Negotiation negotiation;
    private final Clock clock;
    private final QueueMemory memory;
    private final ConsoleInput input;
    private final ConsoleOutput output;
    private final TextBacklog backlog;
    private final DeviceSession session;
    private final AtomicReference<@Nullable Runnable> stopAction = new AtomicReference<>();
    private @Nullable WaitSource source;
    private String size = "";
    private boolean closed;

    private VirtioConsole(
            VirtioContext context,
            VirtioTransport transport,
            Negotiation negotiation,
            QueueMemory memory,
            String name) {
        this.transport = transport;
        this.negotiation = negotiation;
        this.memory = memory;
        clock = context.clock();
        long features = negotiation.settled();
        Counters own = context.counters().with("device", name);
        backlog = new TextBacklog(
                own.counter("uk_virtio_console_written_bytes_total", "Bytes of text taken for a virtio console."),
                own.counter(
                        "uk_virtio_console_dropped_bytes_total",
                        "Bytes of text that a virtio console did not take in time, or did not take at all."));
        input = new ConsoleInput(memory.queue(transport, RECEIVE, context.config(), features), memory);
        output = new ConsoleOutput(memory.queue(transport, TRANSMIT, context.config(), features), backlog, memory);
        session = new DeviceSession(
                transport, negotiation, clock, new DeviceCounters(context.counters(), name), new Queues());
    }

    /**
     * Starts a console.
     *
     * @param context what the device may use
     * @param transport how the device is reached; closed with this device, and also if this fails
     * @param name a short name, unique in the appliance
     * @throws DeviceException if there is no device, or it cannot be used; says why
     */
    public static VirtioConsole open(VirtioContext context, VirtioTransport transport, String name) {
        QueueMemory memory = new QueueMemory(context.pages());
        boolean started = false;
        try {
            long excluded = ConsoleFeatures.NAMES.mask(context.config().get(VirtioKeys.WITHOUT));
            Negotiation negotiation = new Negotiation(transport.name(), ConsoleFeatures.NAMES, WANTED & ~excluded);
            transport.reset();
            negotiation.settle(transport.offeredFeatures());
            VirtioConsole device = new VirtioConsole(context, transport, negotiation, memory, name);
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

    /** What happens to the queues when the device begins, for the first time or again. */
    private final class Queues implements DeviceSession.Driver {
        @Override
        public @Nullable DeviceException changed() {
            DeviceException changed = QueueMemory.changed(transport, RECEIVE, input.queue());
            return changed != null ? changed : QueueMemory.changed(transport, TRANSMIT, output.queue());
        }

        @Override
        public void connect() {
            input.queue().reset();
            output.queue().reset();
            QueueLink inputLink = transport.connect(RECEIVE, input.queue().areas());
            QueueLink outputLink = transport.connect(TRANSMIT, output.queue().areas());
            input.connected(inputLink);
            output.connected(outputLink);
            if (source == null) {
                source = new JointSource(List.of(transport.source(), inputLink.source(), outputLink.source()));
            }
        }

        @Override
        public void started() {
            configChanged();
            input.started();
            output.giveAgain();
        }

        @Override
        public void configChanged() {
            size = negotiation.has(ConsoleFeatures.SIZE)
                    ? transport.config(ConsoleFeatures.CONFIG_COLS, 2) + " columns, "
                            + transport.config(ConsoleFeatures.CONFIG_ROWS, 2) + " rows, "
                    : "";
        }
    }

    @Override
    public void write(CharSequence text) {
        byte[] utf8 = text.toString().getBytes(StandardCharsets.UTF_8);
        if (backlog.size() > TextBacklog.LIMIT_BYTES / 2) {
            pump();
        }
        backlog.append(utf8);
        pump();
    }

    /** Moves text on, unless somebody else does: they see what was added meanwhile. */
    private void pump() {
        long seen = -1;
        while (seen != backlog.appends() && !lock.isHeldByCurrentThread() && lock.tryLock()) {
            try {
                seen = backlog.appends();
                work(false);
            } finally {
                lock.unlock();
            }
        }
    }

    @Override
    public void onStopRequest(Runnable action) {
        stopAction.set(action);
    }

    /** {@inheritDoc} The action of {@link #onStopRequest} runs from here. */
    @Override
    public int poll(long nowNs) {
        if (!lock.tryLock()) {
            return 0;
        }
        boolean interrupted;
        int done;
        long seen;
        try {
            seen = backlog.appends();
            done = work(true);
            interrupted = input.takeInterrupt();
        } finally {
            lock.unlock();
        }
        if (seen != backlog.appends()) {
            pump();
        }
        Runnable action = interrupted ? stopAction.getAndSet(null) : null;
        if (action != null) {
            action.run();
        }
        return done;
    }

    /** Moves what can be moved; the lock is held. */
    private int work(boolean withInput) {
        if (closed) {
            output.drop();
            return 0;
        }
        try {
            if (!session.isRunning() && !session.tend()) {
                return 0;
            }
            int typed = withInput ? input.poll() : 0;
            boolean moved = output.pump();
            session.polled(moved || typed > 0);
            return typed + (moved ? 1 : 0);
        } catch (VirtioException e) {
            session.violated(e);
            return 0;
        } catch (DeviceException _) {
            return useEmergencyRegister();
        }
    }

    /** The device was given up. What the register takes no more is dropped; what is more than it takes at once waits. */
    private int useEmergencyRegister() {
        int taken = 0;
        if (negotiation.has(ConsoleFeatures.EMERG_WRITE)) {
            taken = output.drain(
                    EMERGENCY_BYTES,
                    character -> transport.tryWriteConfig(ConsoleFeatures.CONFIG_EMERG_WR, 4, character));
        }
        if (taken < EMERGENCY_BYTES) {
            output.drop();
        }
        return taken;
    }

    /** When a device that was lost is looked for again. */
    @Override
    public long nextDeadlineNs() {
        if (!lock.tryLock()) {
            return clock.nowNs();
        }
        try {
            return session.nextDeadlineNs();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean arm() {
        if (!lock.tryLock()) {
            return true;
        }
        try {
            if (closed) {
                return false;
            }
            session.listen();
            if (!session.isRunning()) {
                return false;
            }
            boolean typed = input.queue().arm();
            int underWay = output.bytesUnderWay();
            return underWay > 0 ? output.queue().arm() || typed : typed || backlog.size() > 0;
        } catch (DeviceException _) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** What ends a wait of the loop that polls this duty; the same for as long as the console is open. */
    public WaitSource source() {
        return Objects.requireNonNull(source);
    }

    /** Its state, for an operator. */
    public String describe() {
        lock.lock();
        try {
            return transport.name() + ", console, " + size + (backlog.size() + output.bytesUnderWay())
                    + " bytes waiting, " + session.describe();
        } finally {
            lock.unlock();
        }
    }

    /** Waits a little for the device to take what was written, then closes the transport. Closing twice has no further effect. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            long startNs = clock.nowNs();
            while (backlog.size() + output.bytesUnderWay() > 0 && clock.nowNs() - startNs < CLOSE_NS) {
                work(false);
                Thread.onSpinWait();
            }
            output.drop();
            closed = true;
            session.close();
            memory.close();
        } finally {
            lock.unlock();
        }
    }
}
