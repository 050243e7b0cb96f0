package io.uk4j.core;

import io.uk4j.core.config.Config;

/** The platform that a process started by a test finds. */
public final class TestPlatformProvider implements PlatformProvider {
    /** Created by {@link java.util.ServiceLoader}. */
    public TestPlatformProvider() {}

    @Override
    public String name() {
        return "test";
    }

    @Override
    public Platform create(Config config) {
        return new TestPlatform("test");
    }
}
