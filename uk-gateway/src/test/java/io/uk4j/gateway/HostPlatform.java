package io.uk4j.gateway;

import io.uk4j.core.Clock;
import io.uk4j.core.Console;
import io.uk4j.core.EntropySource;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.core.Platform;
import io.uk4j.core.Waiter;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A platform in real time and of the JDK alone, since host sockets know no other time. Knows which pages are out. */
final class HostPlatform implements Platform {
    private final Map<Pages, Arena> out = new ConcurrentHashMap<>();

    private final Clock clock = new Clock() {
        @Override
        public long nowNs() {
            return System.nanoTime();
        }

        @Override
        public long wallNs() {
            return System.currentTimeMillis() * 1_000_000;
        }
    };

    int pagesOut() {
        return out.size();
    }

    @Override
    public String name() {
        return "host";
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public EntropySource entropy() {
        return target -> {
            byte[] bytes = new byte[Math.toIntExact(target.byteSize())];
            new SecureRandom().nextBytes(bytes);
            for (int i = 0; i < bytes.length; i++) {
                target.set(ValueLayout.JAVA_BYTE, i, bytes[i]);
            }
        };
    }

    @Override
    public Console console() {
        throw new UnsupportedOperationException();
    }

    @Override
    public PageSource pages() {
        return new PageSource() {
            @Override
            public int pageBytes() {
                return 4096;
            }

            @Override
            public Pages allocate(long bytes, long alignment) {
                Arena arena = Arena.ofShared();
                var segment = arena.allocate((bytes + 4095) & -4096, Math.max(4096, alignment));
                Pages pages = new Pages(segment, segment.address(), null);
                out.put(pages, arena);
                return pages;
            }

            @Override
            public void release(Pages pages) {
                out.remove(pages).close();
            }
        };
    }

    @Override
    public Waiter newWaiter() {
        return new SelectorWaiter(clock);
    }

    @Override
    public <D> List<D> devices(Class<D> type) {
        return List.of();
    }

    @Override
    public void close() {}
}
