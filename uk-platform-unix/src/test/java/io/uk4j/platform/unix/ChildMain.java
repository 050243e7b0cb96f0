package io.uk4j.platform.unix;

import io.uk4j.core.DeviceException;
import io.uk4j.core.Waiter;
import io.uk4j.core.metrics.MetricRegistry;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;

/** Programs that tests run in a JVM of its own. */
final class ChildMain {
    private ChildMain() {}

    public static void main(String[] args) throws InterruptedException {
        switch (args[0]) {
            case "portable" -> portable();
            case "linux" -> UnixPlatform.builder().portable(false).build().close();
            case "stop" -> stop(true);
            case "stubborn" -> stop(false);
            case "tap" -> tap(args[1]);
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static void portable() {
        try (UnixPlatform platform = UnixPlatform.builder().portable(true).build();
                Waiter waiter = platform.newWaiter()) {
            platform.entropy().fill(MemorySegment.ofArray(new byte[16]));
            platform.pages().release(platform.pages().allocate(1, 1));
            waiter.wakeup();
            waiter.await(0);
            platform.console().write("works\n");
        }
    }

    /** Ends with status 7 when it is asked to stop, or never. */
    private static void stop(boolean obedient) throws InterruptedException {
        CountDownLatch stopped = new CountDownLatch(1);
        try (UnixPlatform platform = UnixPlatform.builder().portable(true).build()) {
            platform.console().onStopRequest(() -> {
                platform.console().write("asked\n");
                if (obedient) {
                    stopped.countDown();
                }
            });
            platform.console().write("ready\n");
            stopped.await();
        }
        System.exit(7);
    }

    private static void tap(String name) {
        try (UnixPlatform platform = UnixPlatform.create()) {
            try {
                new TapProvider()
                        .open(Contexts.context(platform, new MetricRegistry()), name)
                        .close();
                platform.console().write("opened\n");
            } catch (DeviceException e) {
                platform.console().write(e.getMessage());
            }
        }
    }
}
