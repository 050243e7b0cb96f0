package io.uk4j.platform.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.uk4j.core.PlatformException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The power button of ACPI's fixed hardware (ACPI 6.5, section 4.8.2.2.1): what {@code system_powerdown} of QEMU and a shutdown
 * request of libvirt press. Machines with reduced hardware, such as QEMU's microvm, have none.
 *
 * <p>Thread rule: shared.
 */
final class PowerButton implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PowerButton.class);

    private static final int SCI_LINE = 46;
    private static final int SMI_COMMAND = 48;
    private static final int ACPI_ENABLE = 52;
    private static final int EVENT_BLOCK = 56;
    private static final int CONTROL_BLOCK = 64;
    private static final int EVENT_LENGTH = 88;
    private static final int FLAGS = 112;
    private static final int FLAG_NO_FIXED_BUTTON = 1 << 4;
    private static final int FLAG_REDUCED = 1 << 20;

    private static final int PRESSED = 1 << 8;
    private static final int SCI_ENABLED = 1;

    private static final int PORT_LIMIT = 0x10000;

    /** After so many interrupts in a row that were not for the button, and that nobody ends, the line is left masked. */
    static final int STRANGERS = 100;

    private final BootLayer boot;
    private final int statusPort;
    private final int enablePort;
    private final KvmInterrupt interrupt;
    private volatile Runnable action = () -> {};
    private volatile boolean closed;

    /** Whether a thread watches, which gives the interrupt back at its end. */
    private boolean watched;

    private PowerButton(BootLayer boot, int statusPort, int enablePort, KvmInterrupt interrupt) {
        this.boot = boot;
        this.statusPort = statusPort;
        this.enablePort = enablePort;
        this.interrupt = interrupt;
    }

    /** The machine's button, if it has one that can be watched; it does nothing before {@link #onPress}. */
    static Optional<PowerButton> find(BootLayer boot, AcpiTables tables) {
        return tables.find("FACP")
                .filter(fadt -> (fadt.number(FLAGS, 4) & (FLAG_NO_FIXED_BUTTON | FLAG_REDUCED)) == 0
                        && fadt.number(EVENT_BLOCK, 4) != 0
                        && fadt.number(EVENT_LENGTH, 1) >= 4)
                .flatMap(fadt -> tryMake(boot, fadt));
    }

    private static Optional<PowerButton> tryMake(BootLayer boot, AcpiTables.Table fadt) {
        try {
            return Optional.of(make(boot, fadt));
        } catch (PlatformException e) {
            LOG.warn("ACPI's FADT has a power button that cannot be watched: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static PowerButton make(BootLayer boot, AcpiTables.Table fadt) {
        long status = fadt.number(EVENT_BLOCK, 4);
        int length = (int) fadt.number(EVENT_LENGTH, 1);
        long control = fadt.number(CONTROL_BLOCK, 4);
        long command = fadt.number(SMI_COMMAND, 4);
        if (status + length > PORT_LIMIT || control + 2 > PORT_LIMIT || command >= PORT_LIMIT) {
            throw new PlatformException("its ports are beyond 0xffff.", null, null);
        }
        if (command != 0 && control != 0 && (boot.readPort((int) control, 2) & SCI_ENABLED) == 0) {
            boot.writePort((int) command, 1, (int) fadt.number(ACPI_ENABLE, 1));
        }
        int enable = (int) status + length / 2;
        // What firmware let through would be nobody's here.
        boot.writePort(enable, 2, 0);
        int line = (int) fadt.number(SCI_LINE, 2);
        KvmInterrupt interrupt = new KvmInterrupt(
                boot, boot.openInterrupt(BootLayer.LINE_LEVEL, line).handle());
        return new PowerButton(boot, (int) status, enable, interrupt);
    }

    /** Calls an action, on a thread of its own, when the button is pressed. A second call replaces the action. */
    synchronized void onPress(Runnable newAction) {
        action = newAction;
        if (!watched && !closed) {
            watched = true;
            Thread.ofPlatform().daemon().name("power-button").start(this::watch);
            boot.writePort(statusPort, 2, PRESSED);
            boot.writePort(enablePort, 2, PRESSED);
        }
    }

    private void watch() {
        MemorySegment set = Arena.ofAuto().allocate(BootLayer.WAIT_BYTES, 8);
        set.set(JAVA_INT, 0, interrupt.handle());
        set.set(JAVA_LONG, 8, 0);
        int strangers = 0;
        while (!closed) {
            if (boot.await(set, 1, Long.MAX_VALUE) != 0) {
                continue;
            }
            set.set(JAVA_LONG, 8, interrupt.count());
            if (closed) {
                break;
            }
            strangers = isPressed() && acknowledge() ? 0 : strangers + 1;
            if (strangers == STRANGERS) {
                LOG.warn("ACPI's interrupt comes for something else all the time: the power button is watched no more");
            }
            if (strangers < STRANGERS) {
                interrupt.unmask();
            }
        }
        synchronized (this) { // not before close is done with it
            boot.closeInterrupt(interrupt.handle());
        }
    }

    private boolean isPressed() {
        return (boot.readPort(statusPort, 2) & PRESSED) != 0;
    }

    /** Runs the action; whether the button is not pressed any more then, as it should. */
    private boolean acknowledge() {
        boot.writePort(statusPort, 2, PRESSED);
        LOG.info("The power button was pressed");
        action.run();
        return !isPressed();
    }

    /** Ends the watch. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            boot.writePort(enablePort, 2, 0);
            if (watched) {
                boot.raise(interrupt.handle());
            } else {
                boot.closeInterrupt(interrupt.handle());
            }
        }
    }
}
