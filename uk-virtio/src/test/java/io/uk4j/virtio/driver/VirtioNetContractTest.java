package io.uk4j.virtio.driver;

import io.uk4j.core.BufferPool;
import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.net.NetDevice;
import io.uk4j.testkit.NetDeviceContract;
import io.uk4j.virtio.Features;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;

/** The network driver over a model of a device, with the sets of features that change how it works. */
class VirtioNetContractTest {
    /** The contract with one set of features. */
    abstract static class Base extends NetDeviceContract {
        private final long features;
        private final String[] settings;

        Base(long features, String... settings) {
            this.features = features;
            this.settings = settings;
        }

        @Override
        protected Fixture open() {
            return new ModelFixture(new ModelNet(features, settings));
        }
    }

    /** All that there is. */
    @Nested
    class Everything extends Base {
        Everything() {
            super(ModelNet.ALL);
        }
    }

    /** Nothing that a device need not have. */
    @Nested
    class Nothing extends Base {
        Nothing() {
            super(Features.VERSION_1);
        }
    }

    /** Big buffers instead of mergeable ones. */
    @Nested
    class BigBuffers extends Base {
        BigBuffers() {
            super(ModelNet.ALL & ~NetFeatures.MRG_RXBUF);
        }
    }

    /** Mergeable buffers in the plain ring. */
    @Nested
    class MergeableOnly extends Base {
        MergeableOnly() {
            super(Features.VERSION_1 | Features.IN_ORDER | NetFeatures.MRG_RXBUF);
        }
    }

    /** All that there is, in the packed layout. */
    @Nested
    class Packed extends Base {
        Packed() {
            super(ModelNet.ALL | Features.RING_PACKED);
        }
    }

    /** The packed layout without anything else. */
    @Nested
    class PackedOnly extends Base {
        PackedOnly() {
            super(Features.VERSION_1 | Features.RING_PACKED);
        }
    }

    /** Several pairs of queues. */
    @Nested
    class SeveralPairs extends Base {
        SeveralPairs() {
            super(ModelNet.ALL | ModelNet.SEVERAL, "uk.virtio.queues=3");
        }
    }

    private record ModelFixture(ModelNet model, Waiter waiter) implements NetDeviceContract.Fixture {
        ModelFixture(ModelNet model) {
            this(model, model.platform.newWaiter());
        }

        @Override
        public NetDevice device() {
            return model.device;
        }

        @Override
        public BufferPool pool() {
            return model.pool;
        }

        @Override
        public Clock clock() {
            return model.platform.clock();
        }

        @Override
        public void peerSend(byte[] frame) {
            model.send(frame);
        }

        @Override
        public byte @Nullable [] peerReceive() {
            model.work();
            return model.receive();
        }

        @Override
        public void close() {
            waiter.close();
            model.close();
        }
    }
}
