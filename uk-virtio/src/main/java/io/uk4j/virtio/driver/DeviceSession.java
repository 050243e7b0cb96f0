package io.uk4j.virtio.driver;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioTransport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one device: started, lost, started again. There is one way of recovery for all that can go wrong, whether the
 * device broke the rules, asked for a reset, took too long or went away: it is reset, the same features are agreed on, its
 * queues are empty again, and the driver goes on. Attempts are spaced out, from at once up to one each second.
 *
 * <p>A device that is not there may come back at any time. One that is there but comes to nothing in {@value #FRUITLESS_LIMIT}
 * attempts in a row is given up: its user gets a {@link DeviceException} from then on.
 *
 * <p>Thread rule: loop-owned.
 */
final class DeviceSession {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceSession.class);

    static final int FRUITLESS_LIMIT = 16;

    private static final long FIRST_PAUSE_NS = 5_000_000;
    private static final long LONGEST_PAUSE_NS = 1_000_000_000;

    /** What a driver does when its device begins, for the first time or again. */
    interface Driver {
        /** Takes back what the device had, for it forgot all of that, and connects the queues. */
        void connect(VirtioTransport transport);

        /** The device runs: gives it work. */
        void started();

        /** The configuration has changed. */
        default void configChanged() {}
    }

    private final VirtioTransport transport;
    private final Negotiation negotiation;
    private final Clock clock;
    private final DeviceCounters counters;
    private final Driver driver;

    private boolean running;
    private boolean closed;
    private @Nullable DeviceException givenUp;
    private long retryAtNs;
    private long pauseNs;
    private int fruitless;

    DeviceSession(
            VirtioTransport transport, Negotiation negotiation, Clock clock, DeviceCounters counters, Driver driver) {
        this.transport = transport;
        this.negotiation = negotiation;
        this.clock = clock;
        this.counters = counters;
        this.driver = driver;
    }

    /**
     * Settles the features of a device that was found, before the driver looks at its configuration.
     *
     * @throws DeviceException if there is no device, or it does not offer what is needed
     */
    static void probe(VirtioTransport transport, Negotiation negotiation) {
        try {
            transport.reset();
            negotiation.settle(transport.offeredFeatures());
        } catch (VirtioException e) {
            throw unusable(transport, e);
        }
    }

    /**
     * Starts the probed device for the first time.
     *
     * @throws DeviceException if it does not start
     */
    void start() {
        try {
            begin();
        } catch (VirtioException e) {
            throw unusable(transport, e);
        }
    }

    private static DeviceException unusable(VirtioTransport transport, VirtioException e) {
        return new DeviceException(transport.name() + " cannot be used: " + e.getMessage(), null, null, e);
    }

    private void begin() {
        transport.accept(negotiation.settled());
        driver.connect(transport);
        transport.start();
        running = true;
        driver.started();
    }

    /** Whether the device may be used; where it may not, time will tell, and {@link #tend} looks. */
    boolean isRunning() {
        if (givenUp != null) {
            throw givenUp;
        }
        return running;
    }

    /** The device has used something: it is worth another attempt when it fails. */
    void progressed() {
        fruitless = 0;
        pauseNs = 0;
    }

    /** The device broke the rules. It is started again at the next {@link #tend}. */
    void violated(VirtioException e) {
        counters.violated(e);
        lost(e.getMessage());
    }

    /** The device is of no use, for a reason that is told. It is started again at the next {@link #tend}. */
    void lost(@Nullable String reason) {
        if (running) {
            running = false;
            retryAtNs = clock.nowNs();
            LOG.warn("{} is started again: {}", transport.name(), reason);
        }
    }

    /** Looks what the device has to say for itself; it may cost a system call. */
    void listen() {
        if (!running) {
            return;
        }
        try {
            int events = transport.pollEvents();
            if ((events & VirtioTransport.NEEDS_RESET) != 0) {
                lost("it has gone away, or asks for it");
            } else if ((events & VirtioTransport.CONFIG_CHANGED) != 0) {
                driver.configChanged();
            }
        } catch (VirtioException e) {
            violated(e);
        } catch (DeviceException e) {
            lost(e.getMessage());
        }
    }

    /**
     * Starts a device that was lost, if it is time.
     *
     * @return whether it runs
     * @throws DeviceException if it was given up, or came back as another one
     */
    boolean tend() {
        if (isRunning() || closed) {
            return running;
        }
        if (clock.nowNs() - retryAtNs >= 0) {
            restart();
        }
        return running;
    }

    private void restart() {
        pauseNs = Math.min(LONGEST_PAUSE_NS, Math.max(FIRST_PAUSE_NS, 2 * pauseNs));
        try {
            transport.reset();
        } catch (DeviceException _) {
            // Not there: that costs nothing but time.
            retryAtNs = clock.nowNs() + pauseNs;
            return;
        } catch (VirtioException e) {
            failed(e);
            return;
        }
        try {
            negotiation.settle(transport.offeredFeatures());
            begin();
            counters.restarts.increment();
            LOG.info("{} runs again", transport.name());
            fruitless++;
            if (fruitless == FRUITLESS_LIMIT) {
                giveUp(null);
            }
        } catch (VirtioException e) {
            failed(e);
        } catch (DeviceException e) {
            running = false;
            givenUp = e;
            throw e;
        }
    }

    private void failed(VirtioException e) {
        running = false;
        counters.violated(e);
        retryAtNs = clock.nowNs() + pauseNs;
        fruitless++;
        if (fruitless == FRUITLESS_LIMIT) {
            giveUp(e);
        }
    }

    private void giveUp(@Nullable VirtioException cause) {
        running = false;
        givenUp = new DeviceException(
                transport.name() + " was started " + FRUITLESS_LIMIT + " times in a row and did nothing that is of use"
                        + (cause == null ? "." : ", at last: " + cause.getMessage()),
                "A device that is given up is not looked at again.",
                null,
                cause);
        throw givenUp;
    }

    /** Whether the device is lost, and will be started again. */
    boolean isLost() {
        return !running && !closed && givenUp == null;
    }

    /** When {@link #tend} has something to do. */
    long nextDeadlineNs() {
        return isLost() ? retryAtNs : Duty.NO_DEADLINE;
    }

    String describe() {
        return (running ? "running" : givenUp != null ? "given up" : "waiting for the device to come back") + "\n"
                + negotiation.describe();
    }

    /** Closes the transport: the device uses nothing any more. */
    void close() {
        if (!closed) {
            closed = true;
            running = false;
            transport.close();
        }
    }
}
