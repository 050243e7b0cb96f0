package io.uk4j.platform.unix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.uk4j.core.Clock;
import io.uk4j.core.Duty;
import io.uk4j.core.JointSource;
import io.uk4j.core.PlatformException;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.Waiter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sleeps on epoll, with an event descriptor for wake-ups. Takes {@link DescriptorSource} and {@link SignalSource}.
 *
 * <p>Deadlines go to the kernel in nanoseconds by epoll_pwait2 (Linux 5.11, glibc 2.35). Where that is missing they are
 * rounded up to milliseconds, so a wait may then last up to 1 ms longer; it never ends before its deadline for want of
 * precision, which would turn the loop into a busy one.
 */
final class EpollWaiter implements Waiter {
    private static final int EVENT_LIMIT = 16;

    /** 12 bytes on x86-64, where the structure is packed, 16 elsewhere; the interest comes first everywhere. */
    private static final int EVENT_BYTES = 16;

    /** Far below what overflows a {@code timespec} or an int of milliseconds; a longer wait simply starts again. */
    private static final long LONGEST_SLEEP_NS = 1_000_000_000_000L;

    private final Clock clock;
    private final WakeState wakeState = new WakeState();
    private final Set<WaitSource> sources = Collections.newSetFromMap(new IdentityHashMap<>());
    private final AtomicLong signalsDone = new AtomicLong();
    private final MemorySegment callState = Posix.newCallState();
    private final MemorySegment events;
    private final MemorySegment control;
    private final MemorySegment timespec;
    private final int epoll;
    private final int eventfd;
    private boolean precise;
    private boolean closed;

    /** How many sleeps another thread ended; each of them signals {@link #eventfd} once, maybe a little later. */
    private long signalsDue;

    EpollWaiter(Clock clock) {
        this(clock, true);
    }

    /** Creates one that tries nanoseconds, or keeps to milliseconds. */
    EpollWaiter(Clock clock, boolean precise) {
        this.clock = clock;
        this.precise = precise;
        MemorySegment memory = Arena.ofAuto().allocate(EVENT_LIMIT * EVENT_BYTES + EVENT_BYTES + 16, 16);
        events = memory.asSlice(0, EVENT_LIMIT * EVENT_BYTES);
        control = memory.asSlice(EVENT_LIMIT * EVENT_BYTES, EVENT_BYTES);
        timespec = memory.asSlice(EVENT_LIMIT * EVENT_BYTES + EVENT_BYTES, 16);
        epoll = check("epoll_create1", Posix.epollCreate(callState));
        int event = Posix.eventfd(callState);
        if (event < 0) {
            Posix.close(epoll);
        }
        eventfd = check("eventfd", event);
        // Edge-triggered: each signal is seen once without ever being read.
        int added = control(Posix.EPOLL_CTL_ADD, eventfd, Posix.EPOLLIN | Posix.EPOLLET);
        if (added < 0) {
            Posix.close(eventfd);
            Posix.close(epoll);
        }
        check("epoll_ctl", added);
    }

    @Override
    public void register(WaitSource source) {
        if (source instanceof JointSource joint) {
            joint.parts().forEach(this::register);
            return;
        }
        if (closed) {
            throw new IllegalStateException("This waiter is closed.");
        }
        switch (source) {
            case DescriptorSource descriptor -> {
                if (sources.contains(source)) {
                    return;
                }
                if (descriptor.isPresent()) {
                    check("epoll_ctl", control(Posix.EPOLL_CTL_ADD, descriptor.fd(), descriptor.interest()));
                }
                descriptor.attach(this);
            }
            case SignalSource signal -> signal.attach(this);
            default ->
                throw new IllegalArgumentException("The unix platform cannot wait for a "
                        + source.getClass().getName() + ".");
        }
        sources.add(source);
    }

    @Override
    public void unregister(WaitSource source) {
        if (source instanceof JointSource joint) {
            joint.parts().forEach(this::unregister);
            return;
        }
        if (sources.remove(source)) {
            if (source instanceof DescriptorSource descriptor) {
                descriptor.attach(null);
                if (descriptor.isPresent()) {
                    control(Posix.EPOLL_CTL_DEL, descriptor.fd(), 0);
                }
            } else if (source instanceof SignalSource signal) {
                signal.attach(null);
            }
        }
    }

    void interestChanged(DescriptorSource source) {
        check("epoll_ctl", control(Posix.EPOLL_CTL_MOD, source.fd(), source.interest()));
    }

    @Override
    public boolean await(long deadlineNs) {
        if (closed) {
            throw new IllegalStateException("This waiter is closed.");
        }
        long timeoutNs = timeoutNs(deadlineNs);
        if (timeoutNs <= 0) {
            boolean ready = waitOnce(0) > 0;
            return wakeState.wakeUp() || ready;
        }
        if (!wakeState.tryFallAsleep()) {
            return true;
        }
        int ready;
        do {
            ready = waitOnce(timeoutNs);
            timeoutNs = timeoutNs(deadlineNs);
        } while (ready == 0 && timeoutNs > 0 && !wakeState.isWoken());
        boolean woken = wakeState.wakeUp();
        if (woken) {
            signalsDue++;
        }
        return ready > 0 || woken;
    }

    private long timeoutNs(long deadlineNs) {
        return deadlineNs == Duty.NO_DEADLINE
                ? LONGEST_SLEEP_NS
                : Math.min(deadlineNs - clock.nowNs(), LONGEST_SLEEP_NS);
    }

    /** One epoll call; returns how many are ready, 0 also when a signal of the operating system cut it short. */
    private int waitOnce(long timeoutNs) {
        int result;
        if (precise && timeoutNs > 0) {
            timespec.set(JAVA_LONG, 0, timeoutNs / 1_000_000_000L);
            timespec.set(JAVA_LONG, 8, timeoutNs % 1_000_000_000L);
            result = Posix.epollWaitPrecise(epoll, events.address(), EVENT_LIMIT, timespec.address(), callState);
            if (result == -Posix.ENOSYS || result == -Posix.EPERM) {
                // EPERM: what older container filters answer for a call that they do not know.
                precise = false;
                return waitOnce(timeoutNs);
            }
        } else {
            int timeoutMs = (int) ((timeoutNs + 999_999) / 1_000_000);
            result = Posix.epollWait(epoll, events.address(), EVENT_LIMIT, timeoutMs, callState);
        }
        return result == -Posix.EINTR ? 0 : check("epoll_wait", result);
    }

    @Override
    public void wakeup() {
        if (wakeState.wake()) {
            Posix.signal(eventfd);
            signalsDone.incrementAndGet();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (WaitSource source : sources.toArray(new WaitSource[0])) {
            unregister(source);
        }
        // Nobody can find the sleeper asleep any more; those who did are let finish, for the number may be reused.
        while (signalsDone.get() != signalsDue) {
            Thread.onSpinWait();
        }
        Posix.close(eventfd);
        Posix.close(epoll);
    }

    private int control(int operation, int fd, int interest) {
        control.set(JAVA_INT, 0, interest);
        return Posix.epollControl(epoll, operation, fd, control.address(), callState);
    }

    private static int check(String call, int result) {
        if (result < 0) {
            throw new PlatformException(
                    call + " failed: " + Posix.describe(-result),
                    null,
                    result == -Posix.EMFILE ? "ulimit -n 65536" : null);
        }
        return result;
    }
}
