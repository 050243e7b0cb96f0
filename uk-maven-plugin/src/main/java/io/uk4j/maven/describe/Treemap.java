package io.uk4j.maven.describe;

import java.util.ArrayList;
import java.util.List;

/** Puts areas side by side into a rectangle, none of them much longer than wide (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000). */
final class Treemap {
    private Treemap() {}

    /** A place in the rectangle. */
    record Box(double x, double y, double width, double height) {}

    /**
     * Lays areas out.
     *
     * @param sizes positive, the largest first
     * @param within the rectangle
     * @return a box for each, in the same order
     */
    static List<Box> layOut(List<Long> sizes, Box within) {
        double scale = within.width
                * within.height
                / Math.max(1, sizes.stream().mapToLong(Long::longValue).sum());
        List<Box> boxes = new ArrayList<>();
        Box left = within;
        for (int from = 0; from < sizes.size(); ) {
            double side = Math.min(left.width, left.height);
            int to = from + 1;
            while (to < sizes.size()
                    && worst(sizes, from, to + 1, side, scale) <= worst(sizes, from, to, side, scale)) {
                to++;
            }
            left = row(sizes.subList(from, to), left, scale, boxes);
            from = to;
        }
        return boxes;
    }

    /** The largest ratio of sides in a row of these along a side. */
    private static double worst(List<Long> sizes, int from, int to, double side, double scale) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += sizes.get(i) * scale;
        }
        double largest = sizes.get(from) * scale;
        double smallest = sizes.get(to - 1) * scale;
        return Math.max(side * side * largest / (sum * sum), sum * sum / (side * side * smallest));
    }

    /** Puts a row along the shorter side, and returns what is left beside it. */
    private static Box row(List<Long> sizes, Box left, double scale, List<Box> boxes) {
        double sum = sizes.stream().mapToLong(Long::longValue).sum() * scale;
        boolean upright = left.width >= left.height;
        double depth = sum / (upright ? left.height : left.width);
        double at = 0;
        for (long size : sizes) {
            double length = size * scale / depth;
            boxes.add(
                    upright
                            ? new Box(left.x, left.y + at, depth, length)
                            : new Box(left.x + at, left.y, length, depth));
            at += length;
        }
        return upright
                ? new Box(left.x + depth, left.y, left.width - depth, left.height)
                : new Box(left.x, left.y + depth, left.width, left.height - depth);
    }
}
