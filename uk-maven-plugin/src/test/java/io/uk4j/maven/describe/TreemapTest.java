package io.uk4j.maven.describe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TreemapTest {
    /** Areas are as large as they should be, stay inside, and do not overlap. */
    @Test
    void areasAreInProportionAndApart() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            List<Long> sizes = random.longs(1 + random.nextInt(60), 1, 1_000_000)
                    .boxed()
                    .sorted(Comparator.reverseOrder())
                    .toList();
            double sum = sizes.stream().mapToLong(Long::longValue).sum();
            List<Treemap.Box> boxes = Treemap.layOut(sizes, new Treemap.Box(0, 0, 960, 480));
            String where = "seed " + seed + ", round " + round;
            assertEquals(sizes.size(), boxes.size(), where);
            for (int i = 0; i < boxes.size(); i++) {
                Treemap.Box box = boxes.get(i);
                assertEquals(960 * 480 * sizes.get(i) / sum, box.width() * box.height(), 1e-3, where);
                assertTrue(box.x() >= -1e-6 && box.y() >= -1e-6, where);
                assertTrue(box.x() + box.width() <= 960 + 1e-6 && box.y() + box.height() <= 480 + 1e-6, where);
                for (int j = 0; j < i; j++) {
                    Treemap.Box other = boxes.get(j);
                    double across =
                            Math.min(box.x() + box.width(), other.x() + other.width()) - Math.max(box.x(), other.x());
                    double down =
                            Math.min(box.y() + box.height(), other.y() + other.height()) - Math.max(box.y(), other.y());
                    assertTrue(across < 1e-6 || down < 1e-6, where);
                }
            }
        }
    }
}
