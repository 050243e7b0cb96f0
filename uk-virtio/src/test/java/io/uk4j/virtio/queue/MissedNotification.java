package io.uk4j.virtio.queue;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.uk4j.core.Pages;
import io.uk4j.virtio.Features;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * One side shows something while the other is about to sleep: it must not be that neither the first notifies nor the second sees
 * it. Each class is one layout, way of suppression and direction, run by {@link MissedNotificationIT} on real processors.
 */
public final class MissedNotification {
    private MissedNotification() {}

    /** What the results mean: whether there is a notification, and whether the sleeper finds the news. */
    @Outcome(id = "false, false", expect = FORBIDDEN, desc = "It sleeps for ever.")
    @Outcome(
            id = {"true, false", "false, true", "true, true"},
            expect = ACCEPTABLE,
            desc = "It wakes, or does not sleep.")
    public static final class Meaning {
        private Meaning() {}
    }

    /** Both sides of a small queue. */
    abstract static class Pair {
        private static final int SIZE = 2;
        private static final long ADDRESS = 1 << 16;
        private static final int BYTES = 64;

        private final Virtqueue driver;
        private final DeviceQueue device;

        Pair(long features) {
            MemorySegment ring = MemorySegment.ofArray(new long[(int) (Virtqueue.bytes(SIZE, features) + 7) / 8]);
            MemorySegment data = MemorySegment.ofArray(new long[BYTES / 8]);
            GuestMemory memory = GuestMemory.of(
                    List.of(new GuestMemory.Region(ADDRESS, ring), new GuestMemory.Region(2 * ADDRESS, data)));
            driver = Virtqueue.create(SIZE, features, new Pages(ring, ADDRESS, null));
            device = DeviceQueue.create(driver.areas(), features, memory, 0);
            // From now on the device is at work, and wants no notification.
            device.next();
        }

        final void offer() {
            driver.add(2 * ADDRESS, BYTES, true);
            driver.end();
            driver.publish();
        }

        final boolean offersAndKicks() {
            offer();
            return driver.needsKick();
        }

        final boolean completesAndCalls() {
            device.complete(0, 0);
            device.publish();
            return device.needsCall();
        }

        final void take() {
            offer();
            device.next();
        }

        final boolean deviceArms() {
            return device.arm();
        }

        final boolean driverArms() {
            return driver.arm();
        }
    }

    /** The driver offers a chain while the device arms. */
    @JCStressTest
    @JCStressMeta(Meaning.class)
    @State
    public static class SplitKickByFlag extends Pair {
        /** Created by jcstress. */
        public SplitKickByFlag() {
            super(0);
        }

        /** Shows something. */
        @Actor
        public void show(ZZ_Result result) {
            result.r1 = offersAndKicks();
        }

        /** Is about to sleep. */
        @Actor
        public void arm(ZZ_Result result) {
            result.r2 = deviceArms();
        }
    }

    /** The device completes a chain while the driver arms. */
    @JCStressTest
    @JCStressMeta(Meaning.class)
    @State
    public static class SplitCallByFlag extends Pair {
        /** Created by jcstress. */
        public SplitCallByFlag() {
            super(0);
            take();
        }

        /** Shows something. */
        @Actor
        public void show(ZZ_Result result) {
            result.r1 = completesAndCalls();
        }

        /** Is about to sleep. */
        @Actor
        public void arm(ZZ_Result result) {
            result.r2 = driverArms();
        }
    }

    /** The driver offers a chain while the device arms. */
    @JCStressTest
    @JCStressMeta(Meaning.class)
    @State
    public static class SplitKickByIndex extends Pair {
        /** Created by jcstress. */
        public SplitKickByIndex() {
            super(Features.EVENT_IDX);
        }

        /** Shows something. */
        @Actor
        public void show(ZZ_Result result) {
            result.r1 = offersAndKicks();
        }

        /** Is about to sleep. */
        @Actor
        public void arm(ZZ_Result result) {
            result.r2 = deviceArms();
        }
    }

    /** The device completes a chain while the driver arms. */
    @JCStressTest
    @JCStressMeta(Meaning.class)
    @State
    public static class SplitCallByIndex extends Pair {
        /** Created by jcstress. */
        public SplitCallByIndex() {
            super(Features.EVENT_IDX);
            take();
        }

        /** Shows something. */
        @Actor
        public void show(ZZ_Result result) {
            result.r1 = completesAndCalls();
        }

        /** Is about to sleep. */
        @Actor
        public void arm(ZZ_Result result) {
            result.r2 = driverArms();
        }
    }

    /** The driver offers a chain while the device arms. */
    @JCStressTest
    @JCStressMeta(Meaning.class)
    @State
    public static class PackedKickByFlag extends Pair {
        /** Created by jcstress. */
        public PackedKickByFlag() {
            super(Features.RING_PACKED);
        }

        /** Shows something. */
        @Actor
        public void show(ZZ_Result result) {
            result.r1 = offersAndKicks();
        }

        /** Is about to sleep. */
        @Actor
        public void arm(ZZ_Result result) {
            result.r2 = deviceArms();
        }
    }

    /** The device completes a chain while the driver arms. */
    @JCStressTest
    @JCStressMeta(Meaning.class)
    @State
    public static class PackedCallByFlag extends Pair {
        /** Created by jcstress. */
        public PackedCallByFlag() {
            super(Features.RING_PACKED);
            take();
        }

        /** Shows something. */
        @Actor
        public void show(ZZ_Result result) {
            result.r1 = completesAndCalls();
        }

        /** Is about to sleep. */
        @Actor
        public void arm(ZZ_Result result) {
            result.r2 = driverArms();
        }
    }

    /** The driver offers a chain while the device arms. */
    @JCStressTest
    @JCStressMeta(Meaning.class)
    @State
    public static class PackedKickByIndex extends Pair {
        /** Created by jcstress. */
        public PackedKickByIndex() {
            super(Features.RING_PACKED | Features.EVENT_IDX);
        }

        /** Shows something. */
        @Actor
        public void show(ZZ_Result result) {
            result.r1 = offersAndKicks();
        }

        /** Is about to sleep. */
        @Actor
        public void arm(ZZ_Result result) {
            result.r2 = deviceArms();
        }
    }

    /** The device completes a chain while the driver arms. */
    @JCStressTest
    @JCStressMeta(Meaning.class)
    @State
    public static class PackedCallByIndex extends Pair {
        /** Created by jcstress. */
        public PackedCallByIndex() {
            super(Features.RING_PACKED | Features.EVENT_IDX);
            take();
        }

        /** Shows something. */
        @Actor
        public void show(ZZ_Result result) {
            result.r1 = completesAndCalls();
        }

        /** Is about to sleep. */
        @Actor
        public void arm(ZZ_Result result) {
            result.r2 = driverArms();
        }
    }
}
