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
 * queues are empty again, and the driver goes on. Attempts are spaced out, from at once for a device that did something since
 * the last one up to one each second.
 *
 * <p>A device may come and go as often as it likes. One that is at fault {@value #FAULT_LIMIT} times without doing anything of
 * use in between is given up, as is one that comes back as another: its user gets a {@link DeviceException} from then on.
 *
 * <p>Thread rule: loop-owned.
 */
final class DeviceSession {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceSession.class);

    static final int FAULT_LIMIT = 16;

    private static final long FIRST_PAUSE_NS = 5_000_000;
    private static final long LONGEST_PAUSE_NS = 1_000_000_000;

    /** After so many polls that found nothing, it is looked whether the device is still there. */
    private static final int EMPTY_POLLS = 4096;

    /** What a driver does when its device begins, for the first time or again. */
    interface Driver {
        /** Whether a device that came back is still what the driver told its user: if not, why it is of no use. */
        @Nullable
        DeviceException changed();

        /** Takes back what the device had, for it forgot all of that, and connects the queues. */
        void connect();

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
    private int faults;
    private String lastFault = "";
    private int emptyPolls;

    DeviceSession(
            VirtioTransport transport, Negotiation negotiation, Clock clock, DeviceCounters counters, Driver driver) {
        this.transport = transport;
        this.negotiation = negotiation;
        this.clock = clock;
        this.counters = counters;
        this.driver = driver;
    }

    /**
     * Starts a device that was reset, with the features that were settled on.
     *
     * @throws VirtioException if it breaks the rules
     * @throws DeviceException if it has gone away
     */
    void start() {
        transport.accept(negotiation.settled());
        driver.connect();
        transport.start();
        driver.started();
        running = true;
    }

    /** Whether the device may be used; where it may not, time will tell, and {@link #tend} looks. */
    boolean isRunning() {
        if (givenUp != null) {
            throw givenUp;
        }
        return running;
    }

    /**
     * Told after each poll.
     *
     * @param useful whether the device has done something
     */
    void polled(boolean useful) {
        if (useful) {
            faults = 0;
            pauseNs = 0;
            emptyPolls = 0;
        } else if (++emptyPolls == EMPTY_POLLS) {
            emptyPolls = 0;
            listen();
        }
    }

    /** The device broke the rules. It is started again by {@link #tend}. */
    void violated(VirtioException e) {
        counters.violated(e);
        failed(String.valueOf(e.getMessage()));
    }

    /** The device is at fault, for a reason that is told. It is started again by {@link #tend}. */
    void failed(String reason) {
        faults++;
        lastFault = reason;
        lost(reason);
    }

    private void lost(String reason) {
        running = false;
        retryAtNs = clock.nowNs() + pauseNs;
        LOG.warn("{} is started again: {}", transport.name(), reason);
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
            lost(String.valueOf(e.getMessage()));
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
        if (faults >= FAULT_LIMIT) {
            throw giveUp(new DeviceException(
                    transport.name() + " was at fault " + FAULT_LIMIT
                            + " times in a row and did nothing of use, at last: " + lastFault,
                    "A device that is given up is not looked at again.",
                    null));
        }
        pauseNs = Math.min(LONGEST_PAUSE_NS, Math.max(FIRST_PAUSE_NS, 2 * pauseNs));
        DeviceException changed;
        try {
            transport.reset();
            changed = negotiation.changed(transport.offeredFeatures());
            if (changed == null) {
                changed = driver.changed();
            }
            if (changed == null) {
                start();
                counters.restarts.increment();
                LOG.info("{} runs again", transport.name());
                return;
            }
        } catch (DeviceException _) {
            // Not there, or gone again in the middle: that costs nothing but time.
            retryAtNs = clock.nowNs() + pauseNs;
            return;
        } catch (VirtioException e) {
            violated(e);
            return;
        }
        throw giveUp(changed);
    }

    private DeviceException giveUp(DeviceException reason) {
        givenUp = reason;
        return reason;
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
        String reached = transport.describe();
        return (running ? "running" : givenUp != null ? "given up" : "waiting for the device to come back") + "\n"
                + (reached.isEmpty() ? "" : reached + "\n") + negotiation.describe();
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
