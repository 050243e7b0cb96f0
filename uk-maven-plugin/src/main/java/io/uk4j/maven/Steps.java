package io.uk4j.maven;

import io.uk4j.maven.image.Progress;
import java.util.Locale;
import org.apache.maven.plugin.logging.Log;

/** Numbered lines with times: {@code [3/6] jlink: 11 modules (2.1 s)}. */
final class Steps implements Progress {
    private static final double NS = 1e9;

    private final Log log;
    private final int count;
    private int number;
    private long since = System.nanoTime();

    Steps(Log log, int count) {
        this.log = log;
        this.count = count;
    }

    @Override
    public void begins(String what) {
        log.info(String.format(Locale.ROOT, "[%d/%d] %s ...", number + 1, count, what));
    }

    @Override
    public void done(String what) {
        long now = System.nanoTime();
        log.info(String.format(Locale.ROOT, "[%d/%d] %s (%.1f s)", ++number, count, what, (now - since) / NS));
        since = now;
    }
}
