package io.uk4j.virtio.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceException;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.virtio.VirtioTransport;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** All that {@link VirtioNetTest} shows, over registers. */
class VirtioNetOverBusesTest {
    /** A test class over one bus. */
    abstract static class Over extends VirtioNetTest {
        private final Bus bus;

        Over(Bus bus) {
            this.bus = bus;
        }

        @BeforeEach
        void useBus() {
            bus.use();
        }

        @AfterEach
        void useNone() {
            Bus.DIRECT.use();
        }

        @Test
        void aDeviceThatNeverLeavesResetIsGivenUpInBoundedTime() {
            try (ModelNet model = new ModelNet(ModelNet.ALL)) {
                RegisterModel registers = Objects.requireNonNull(model.transport.registers);
                model.platform.stepNs = 1_000_000;
                registers.neverLeavesReset = true;
                model.transport.raise(VirtioTransport.NEEDS_RESET);
                model.device.arm();
                FrameBatch batch = new FrameBatch();
                int before = registers.accesses;
                DeviceException e = assertThrows(DeviceException.class, () -> {
                    for (int i = 0; i < 100; i++) {
                        model.device.poll(batch);
                        model.platform.simulation.runFor(2_000_000_000L);
                    }
                });
                assertTrue(e.getMessage().contains("does not leave reset"), e.getMessage());
                assertTrue(registers.accesses - before < 10_000, registers.accesses + " accesses");
                registers.neverLeavesReset = false;
            }
        }

        @Test
        void framesPassThroughAStormOfInterrupts() {
            try (ModelNet model = new ModelNet(ModelNet.ALL)) {
                Objects.requireNonNull(model.transport.registers).storms = true;
                FrameBatch batch = new FrameBatch();
                for (int i = 0; i < 500; i++) {
                    model.transport.raise(VirtioTransport.CONFIG_CHANGED);
                    model.device.arm();
                    model.send(new byte[60]);
                    assertEquals(1, model.device.poll(batch));
                    batch.clear();
                }
                assertEquals(1, model.transport.resets);
            }
        }

        @Test
        void saysHowItIsInterrupted() {
            try (ModelNet model = new ModelNet(ModelNet.ALL)) {
                assertTrue(model.device.describe().contains(", interrupt"), model.device.describe());
            }
        }
    }

    @Nested
    class OverMmio extends Over {
        OverMmio() {
            super(Bus.MMIO);
        }
    }

    @Nested
    class OverPciMessages extends Over {
        OverPciMessages() {
            super(Bus.MESSAGES);
        }
    }

    @Nested
    class OverPciLine extends Over {
        OverPciLine() {
            super(Bus.LINE);
        }
    }
}
