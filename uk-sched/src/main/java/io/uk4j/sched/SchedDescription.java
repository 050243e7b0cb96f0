package io.uk4j.sched;

import io.uk4j.core.DescriptionProvider;
import io.uk4j.core.config.Config;

/** Tells, before any loop runs, who would carry its fibers. */
public final class SchedDescription implements DescriptionProvider {
    /** The section's title; that of a running loop takes its place. */
    static final String TITLE = "scheduler";

    /** Made by {@link java.util.ServiceLoader}. */
    public SchedDescription() {}

    @Override
    public String title() {
        return TITLE;
    }

    @Override
    public String describe(Config config) {
        FiberMode wanted = config.get(SchedKeys.FIBER_MODE);
        return Fibers.describe(wanted, Fibers.choose(wanted), config.get(SchedKeys.FIBER_LIMIT));
    }
}
