package io.uk4j.platform.sim;

import io.uk4j.core.EntropySource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** Bytes that follow from the seed. Other threads may draw too, but then their order is not the simulation's to repeat. */
final class SimEntropy implements EntropySource {
    private final SplittableRandom random;

    SimEntropy(SplittableRandom random) {
        this.random = random;
    }

    @Override
    public synchronized void fill(MemorySegment target) {
        for (long i = 0; i < target.byteSize(); i++) {
            target.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt(256));
        }
    }
}
