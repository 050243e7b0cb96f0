package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class PowerButtonTest {
    private static final int STATUS = 0x600;
    private static final int ENABLE = 0x602;
    private static final int PRESSED = 1 << 8;
    private static final int HANDLE = 0;

    private final ModelBoot boot = new ModelBoot();
    private int events = STATUS;
    private int line = 9;
    private int control;

    PowerButtonTest() {
        boot.clearedByOnes.add(STATUS);
    }

    private Optional<PowerButton> find() {
        byte[] fadt = new byte[208];
        ByteBuffer fields = ByteBuffer.wrap(fadt).order(ByteOrder.LITTLE_ENDIAN);
        fields.putShort(46 - 36, (short) line)
                .putInt(48 - 36, 0xb2)
                .putInt(56 - 36, events)
                .putInt(64 - 36, control)
                .put(88 - 36, (byte) 4);
        return PowerButton.find(boot, AcpiTablesTest.tables(boot, AcpiTablesTest.table("FACP", fadt)));
    }

    private void press() {
        boot.ports.put(STATUS, PRESSED);
        boot.raise(HANDLE);
    }

    private void awaitInterrupts(int count) throws InterruptedException {
        for (int i = 0; i < 2_000 && boot.openInterrupts() != count; i++) {
            Thread.sleep(5);
        }
        assertEquals(count, boot.openInterrupts());
    }

    /** Also where firmware had let the button through before. */
    @ParameterizedTest
    @CsvSource({"0", "0x100"})
    void callsTheActionWhenItIsPressed(String enabledBefore) throws Exception {
        boot.ports.put(ENABLE, Integer.decode(enabledBefore));
        PowerButton button = find().orElseThrow();
        CountDownLatch pressed = new CountDownLatch(1);
        button.onPress(pressed::countDown);
        press();
        assertTrue(pressed.await(10, TimeUnit.SECONDS));
        button.close();
        button.close();
        awaitInterrupts(0);
    }

    @Test
    void givesItsInterruptBackIfNobodyWatched() {
        boot.ports.put(ENABLE, PRESSED);
        find().orElseThrow().close();
        assertEquals(0, boot.openInterrupts());
    }

    @ParameterizedTest
    @CsvSource({"0x12345678, 9, 0", "0xfffe, 9, 0", "0x600, 99, 0", "0x600, 9, 0x7fffffff"})
    void aButtonThatCannotBeWatchedIsNone(String wrongEvents, int wrongLine, String wrongControl) {
        events = Integer.decode(wrongEvents);
        line = wrongLine;
        control = Integer.decode(wrongControl);
        boot.lastLine = 23;
        assertTrue(find().isEmpty());
        assertEquals(0, boot.openInterrupts());
    }

    /** The button is pressed in the very moment in which the watch ends. */
    @Test
    void isPressedWhileItIsClosed() throws Exception {
        PowerButton button = find().orElseThrow();
        CountDownLatch watching = new CountDownLatch(1);
        button.onPress(watching::countDown);
        press();
        watching.await();
        boot.onWritePort = () -> {
            boot.onWritePort = () -> {};
            press();
            for (int i = 0; i < 40 && boot.openInterrupts() != 0; i++) {
                sleep();
            }
        };
        button.close();
        awaitInterrupts(0);
    }

    private static void sleep() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** A level that something else holds must not keep a processor busy for ever. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void givesUpALineThatSomethingElseHolds(boolean readsAsOnes) throws Exception {
        PowerButton button = find().orElseThrow();
        if (readsAsOnes) {
            boot.clearedByOnes.clear();
        }
        button.onPress(() -> {});
        boot.stuck = true;
        boot.raise(HANDLE);
        long before;
        do {
            before = boot.count(HANDLE);
            Thread.sleep(50);
        } while (boot.count(HANDLE) != before);
        assertTrue(before <= PowerButton.STRANGERS, before + " interrupts");
        button.close();
        awaitInterrupts(0);
    }
}
