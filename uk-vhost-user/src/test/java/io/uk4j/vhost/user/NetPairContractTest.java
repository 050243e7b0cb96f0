package io.uk4j.vhost.user;

import io.uk4j.core.BufferPool;
import io.uk4j.core.Clock;
import io.uk4j.core.Waiter;
import io.uk4j.core.net.NetDevice;
import io.uk4j.testkit.NetDeviceContract;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Front end and back end, each held to the contract with the other one as its peer. */
class NetPairContractTest {
    private static final String SPLIT = "uk.virtio.without=ring_packed";

    @TempDir
    private Path folder;

    /** The driver. */
    @Nested
    class Front extends NetDeviceContract {
        @Override
        protected Fixture open() {
            return new PairFixture(new NetPair(folder), true);
        }
    }

    /** The other side of it. */
    @Nested
    class Back extends NetDeviceContract {
        @Override
        protected Fixture open() {
            return new PairFixture(new NetPair(folder), false);
        }
    }

    /** The driver, with split queues. */
    @Nested
    class SplitFront extends NetDeviceContract {
        @Override
        protected Fixture open() {
            return new PairFixture(new NetPair(folder, SPLIT), true);
        }
    }

    /** The other side of it. */
    @Nested
    class SplitBack extends NetDeviceContract {
        @Override
        protected Fixture open() {
            return new PairFixture(new NetPair(folder, SPLIT), false);
        }
    }

    private record PairFixture(NetPair pair, boolean front) implements NetDeviceContract.Fixture {
        private NetDevice peer() {
            return front ? pair.back : pair.front;
        }

        @Override
        public NetDevice device() {
            return front ? new ServedFront(pair.front, pair.back) : pair.back;
        }

        @Override
        public BufferPool pool() {
            return front ? pair.frontPool : pair.backPool;
        }

        @Override
        public Waiter waiter() {
            return pair.waiter;
        }

        @Override
        public Clock clock() {
            return pair.platform.clock();
        }

        @Override
        public void peerSend(byte[] frame) {
            pair.send(peer(), front ? pair.backPool : pair.frontPool, frame);
        }

        @Override
        public byte @Nullable [] peerReceive() {
            return pair.receive(peer());
        }

        @Override
        public void close() {
            pair.close();
        }
    }
}
