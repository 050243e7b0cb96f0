package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BlockIndexTest {
    @Test
    void matchesAMapOverManyChanges() {
        for (long seed = 1; seed <= 20; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int limit = random.nextInt(1, 40);
            BlockIndex index = new BlockIndex(limit);
            Map<Long, Integer> model = new HashMap<>();
            for (int step = 0; step < 5000; step++) {
                long block = random.nextLong(60) * (random.nextBoolean() ? 1 : 1L << 40);
                Integer slot = model.get(block);
                assertEquals(slot == null ? BlockIndex.NONE : slot, index.get(block), "seed " + seed);
                if (slot != null) {
                    index.remove(block);
                    model.remove(block);
                } else if (model.size() < limit) {
                    index.put(block, step);
                    model.put(block, step);
                }
            }
            model.forEach((block, slot) -> assertEquals(slot, index.get(block)));
        }
    }
}
