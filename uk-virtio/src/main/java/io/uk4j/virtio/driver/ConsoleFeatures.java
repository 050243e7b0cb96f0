package io.uk4j.virtio.driver;

import java.util.Map;

/** Feature bits and configuration fields of the console (VIRTIO 1.3, sections 5.3.3 and 5.3.4). */
final class ConsoleFeatures {
    static final long SIZE = 1;
    static final long EMERG_WRITE = 1 << 2;

    static final int CONFIG_COLS = 0;
    static final int CONFIG_ROWS = 2;
    static final int CONFIG_EMERG_WR = 8;

    static final FeatureNames NAMES = new FeatureNames(Map.of(0, "size", 1, "multiport", 2, "emerg_write"));

    private ConsoleFeatures() {}
}
