package io.uk4j.virtio.driver;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;

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
