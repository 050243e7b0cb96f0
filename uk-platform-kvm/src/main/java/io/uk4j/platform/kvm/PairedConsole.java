package io.uk4j.platform.kvm;

import io.uk4j.core.Clock;
import io.uk4j.core.Console;
import io.uk4j.core.Waiter;
import io.uk4j.virtio.driver.VirtioConsole;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A virtio console beside the serial line: both get all text, and either may ask for the end. The device is looked after by a thread of its own, since there is
 * no loop yet when a platform is made, and its counters are nobody's: text that the device drops is on the serial line all the same.
 *
 * <p>Thread rule: shared.
 */
final class PairedConsole implements Console, AutoCloseable {
    private final Console serial;
    private final VirtioConsole device;
    private final Waiter waiter;
    private final Clock clock;
    private final Thread thread = Thread.ofPlatform().daemon().name("console").unstarted(this::tend);
    private volatile boolean closed;

    /**
     * Begins to look after a device.
     *
     * @param device closed with this
     * @param waiter for this alone, closed with it
     */
    PairedConsole(Console serial, VirtioConsole device, Waiter waiter, Clock clock) {
        this.serial = serial;
        this.device = device;
        this.waiter = waiter;
        this.clock = clock;
        waiter.register(device.source());
        thread.start();
    }

    private void tend() {
        while (!closed) {
            boolean idle = device.poll(clock.nowNs()) == 0 && !device.arm();
            if (idle) {
                waiter.await(device.nextDeadlineNs());
            }
        }
    }

    @Override
    public void write(CharSequence text) {
        serial.write(text);
        device.write(text);
        if (!closed) {
            // For what the device has no room for at the moment.
            waiter.wakeup();
        }
    }

    @Override
    public void onStopRequest(Runnable action) {
        AtomicBoolean asked = new AtomicBoolean();
        Runnable once = () -> {
            if (asked.compareAndSet(false, true)) {
                action.run();
            }
        };
        serial.onStopRequest(once);
        device.onStopRequest(once);
    }

    /** Gives the device a moment for what was written. After that text goes to the serial line alone. Closing twice has no further effect. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        waiter.wakeup();
        Threads.awaitEnd(thread);
        waiter.unregister(device.source());
        waiter.close();
        device.close();
    }
}
