package io.uk4j.platform.unix;

import io.uk4j.core.PlatformException;
import io.uk4j.core.WaitSource;
import org.jspecify.annotations.Nullable;

/**
 * A file descriptor as a source, level-triggered unless its interest says otherwise: as long as it is
 * ready for what its interest names, no wait lasts.
 *
 * <p>Thread rule: loop-owned.
 */
public final class DescriptorSource implements WaitSource {
    /** No descriptor: nothing ends a wait. */
    private static final int NONE = -1;

    private int fd;
    private int interest;
    private @Nullable EpollWaiter waiter;

    /**
     * Creates a source that no waiter has registered yet.
     *
     * @param fd the descriptor; stays the caller's, who calls {@link #detach} before closing it
     * @param interest {@link Posix#EPOLLIN}, {@link Posix#EPOLLOUT}, both, or 0
     */
    DescriptorSource(int fd, int interest) {
        this.fd = fd;
        this.interest = interest;
    }

    /** A source for what comes and goes, such as a connection that is made again: it follows nothing yet. */
    public static DescriptorSource ofNothing() {
        return new DescriptorSource(NONE, Posix.EPOLLIN);
    }

    /**
     * Lets the source stand for a socket from now on, wherever it is registered: a wait ends when there is something to receive
     * from it, or its other side is gone.
     *
     * @param socket stays the caller's, who lets the source follow something else before closing it
     * @throws PlatformException if the host refuses to wait for it; then the source stands for nothing
     */
    public void follow(UnixSocket socket) {
        move(socket.fd(), Posix.EPOLLIN);
    }

    /**
     * Lets the source stand for events from now on, wherever it is registered: each of them ends one wait.
     *
     * @param event stays the caller's, who lets the source follow something else before closing it
     * @throws PlatformException if the host refuses to wait for it; then the source stands for nothing
     */
    public void follow(EventDescriptor event) {
        move(event.fd(), Posix.EPOLLIN | Posix.EPOLLET);
    }

    /** Lets the source stand for nothing from now on. */
    public void followNothing() {
        move(NONE, Posix.EPOLLIN);
    }

    private void move(int newFd, int newInterest) {
        EpollWaiter registered = waiter;
        if (registered != null) {
            registered.unregister(this);
        }
        fd = newFd;
        interest = newInterest;
        if (registered != null) {
            try {
                registered.register(this);
            } catch (PlatformException e) {
                // It stays registered, so that it can follow something else later.
                fd = NONE;
                registered.register(this);
                throw e;
            }
        }
    }

    /** Whether there is a descriptor. */
    boolean isPresent() {
        return fd != NONE;
    }

    int fd() {
        return fd;
    }

    int interest() {
        return interest;
    }

    /** Changes what is waited for, from the next wait on; costs a system call only where it differs. */
    void interest(int newInterest) {
        if (newInterest != interest) {
            interest = newInterest;
            if (waiter != null) {
                waiter.interestChanged(this);
            }
        }
    }

    /** Called by a waiter when it registers this source, and with null when it takes it out. */
    void attach(@Nullable EpollWaiter newWaiter) {
        waiter = newWaiter;
    }

    /** Takes the source out of its waiter, if it has one; else the number could be reused under the waiter's feet. */
    void detach() {
        if (waiter != null) {
            waiter.unregister(this);
        }
    }
}
