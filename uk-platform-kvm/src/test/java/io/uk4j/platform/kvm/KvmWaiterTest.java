package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Duty;
import io.uk4j.core.PlatformException;
import org.junit.jupiter.api.Test;

class KvmWaiterTest {
    private final ModelBoot boot = new ModelBoot();
    private final KvmWaiter waiter = new KvmWaiter(boot, new BootClock());

    private KvmInterrupt interrupt() {
        return new KvmInterrupt(boot, boot.openInterrupt(BootLayer.MESSAGE, 0).handle());
    }

    private boolean look() {
        return waiter.await(System.nanoTime() - 1);
    }

    @Test
    void anInterruptThatCameBeforeTheWaitEndsIt() {
        KvmInterrupt interrupt = interrupt();
        waiter.register(interrupt);
        assertTrue(look(), "what came before it was registered is looked at once");
        assertFalse(look());
        boot.raise(interrupt.handle());
        assertTrue(waiter.await(Duty.NO_DEADLINE));
        assertFalse(look());
    }

    @Test
    void anInterruptDuringTheWaitEndsIt() throws Exception {
        KvmInterrupt first = interrupt();
        KvmInterrupt second = interrupt();
        waiter.register(first);
        waiter.register(second);
        look();
        Thread device = Thread.ofPlatform().start(() -> boot.raise(second.handle()));
        assertTrue(waiter.await(Duty.NO_DEADLINE));
        device.join();
        assertEquals(1, second.count());
        assertEquals(0, first.count());
    }

    @Test
    void whatIsNotRegisteredEndsNoWait() {
        KvmInterrupt first = interrupt();
        KvmInterrupt second = interrupt();
        waiter.register(first);
        waiter.register(second);
        waiter.unregister(first);
        look();
        boot.raise(first.handle());
        assertFalse(look());
        boot.raise(second.handle());
        assertTrue(look());
    }

    @Test
    void refusesMoreInterruptsThanOneCallTakes() {
        for (int i = 1; i < BootLayer.WAIT_LIMIT; i++) {
            waiter.register(interrupt());
        }
        assertThrows(PlatformException.class, () -> waiter.register(interrupt()));
    }

    @Test
    void closingGivesTheInterruptBack() {
        int before = boot.openInterrupts();
        waiter.close();
        waiter.close();
        assertEquals(before - 1, boot.openInterrupts());
        waiter.wakeup();
    }

    /** Ten thousand wake-ups at any moment of a sleep: each ends one, or the next. */
    @Test
    void noWakeUpIsLost() throws Exception {
        Thread waker = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 10_000; i++) {
                waiter.wakeup();
                Thread.onSpinWait();
            }
            waiter.wakeup();
        });
        while (waker.isAlive()) {
            waiter.await(System.nanoTime() + 1_000_000);
        }
        waker.join();
        waiter.wakeup();
        assertTrue(waiter.await(Duty.NO_DEADLINE));
    }
}
