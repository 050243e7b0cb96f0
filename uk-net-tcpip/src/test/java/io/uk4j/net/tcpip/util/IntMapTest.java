package io.uk4j.net.tcpip.util;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IntMapTest {
    private static final long SEED = 6;

    @Test
    void agreesWithAnOrdinaryMap() {
        Random random = new Random(SEED);
        for (int limit : new int[] {1, 2, 3, 16, 100}) {
            IntMap<String> map = new IntMap<>(limit, random.nextLong());
            Map<Integer, String> model = new HashMap<>();
            for (int step = 0; step < 20_000; step++) {
                int key = random.nextInt(limit * 2 + 1) - limit;
                String value = "v" + step;
                if (random.nextInt(3) == 0) {
                    map.remove(key);
                    model.remove(key);
                } else if (map.put(key, value)) {
                    model.put(key, value);
                } else {
                    assertFalse(model.containsKey(key));
                    assertTrue(map.isFull());
                }
                assertEquals(model.size(), map.size());
                int probe = random.nextInt(limit * 2 + 1) - limit;
                assertEquals(model.get(probe), map.get(probe), "limit " + limit + ", step " + step + ", seed " + SEED);
            }
        }
    }
}
