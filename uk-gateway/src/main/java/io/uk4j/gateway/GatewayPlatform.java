package io.uk4j.gateway;

import io.uk4j.core.Clock;
import io.uk4j.core.Console;
import io.uk4j.core.EntropySource;
import io.uk4j.core.PageSource;
import io.uk4j.core.Platform;
import io.uk4j.core.Waiter;
import java.util.List;

/** The appliance's platform, but for its waiter: the gateway's only loop sleeps in a selector. */
final class GatewayPlatform implements Platform {
    private final Platform platform;
    private final SelectorWaiter waiter;

    GatewayPlatform(Platform platform) {
        this.platform = platform;
        waiter = new SelectorWaiter(platform.clock());
    }

    /** The waiter of the loop. */
    SelectorWaiter waiter() {
        return waiter;
    }

    @Override
    public String name() {
        return platform.name();
    }

    @Override
    public Clock clock() {
        return platform.clock();
    }

    @Override
    public EntropySource entropy() {
        return platform.entropy();
    }

    @Override
    public Console console() {
        return platform.console();
    }

    @Override
    public PageSource pages() {
        return platform.pages();
    }

    @Override
    public Waiter newWaiter() {
        return waiter;
    }

    @Override
    public <D> List<D> devices(Class<D> type) {
        return List.of();
    }

    @Override
    public void close() {
        waiter.close();
    }
}
