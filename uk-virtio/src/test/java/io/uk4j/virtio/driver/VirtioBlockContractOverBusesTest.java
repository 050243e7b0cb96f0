package io.uk4j.virtio.driver;

import org.junit.jupiter.api.Nested;

/** The block driver's contract over registers, with each kind of interrupt. */
class VirtioBlockContractOverBusesTest {
    /** The contract with all that there is, over one bus. */
    abstract static class Over extends VirtioBlockContractTest.Base {
        private final Bus bus;

        Over(Bus bus) {
            super(ModelDisk.ALL, true);
            this.bus = bus;
        }

        @Override
        protected Fixture open() {
            return bus.during(super::open);
        }
    }

    @Nested
    class OverMmio extends Over {
        OverMmio() {
            super(Bus.MMIO);
        }
    }

    @Nested
    class OverMmioEdge extends Over {
        OverMmioEdge() {
            super(Bus.MMIO_EDGE);
        }
    }

    @Nested
    class OverPciMessages extends Over {
        OverPciMessages() {
            super(Bus.MESSAGES);
        }
    }

    @Nested
    class OverOnePciMessage extends Over {
        OverOnePciMessage() {
            super(Bus.ONE_MESSAGE);
        }
    }

    @Nested
    class OverPciLine extends Over {
        OverPciLine() {
            super(Bus.LINE);
        }
    }
}
