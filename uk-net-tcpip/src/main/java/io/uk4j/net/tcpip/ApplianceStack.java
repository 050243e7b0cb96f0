package io.uk4j.net.tcpip;

import io.uk4j.core.Appliance;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Platform;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDevices;
import io.uk4j.mm.PacketPool;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The stack of an appliance with its pool, which are made and closed on their loop, whoever asks.
 *
 * <p>Thread rule: shared.
 */
final class ApplianceStack implements AutoCloseable {
    /** How long a loop that took the closing task may need to come to it. */
    private static final long CLOSE_LIMIT_SECONDS = 5;

    /** How long the opening of a device may take: a cold JVM in an emulated machine needs seconds for it. */
    private static final long OPEN_LIMIT_SECONDS = 60;

    private final EventLoop loop;
    private final PacketPool pool;
    private final NetStack stack;

    private ApplianceStack(Appliance appliance, EventLoop loop) {
        this.loop = loop;
        Platform platform = appliance.platform();
        Config config = appliance.config();
        pool = PacketPool.builder(platform.pages())
                .configure(config)
                .counters(appliance.counters())
                .owner(loop)
                .build();
        try {
            stack = openStack(appliance, platform, config);
        } catch (RuntimeException | Error e) {
            pool.close();
            throw e;
        }
    }

    static NetStack open(Appliance appliance, EventLoop loop) {
        ApplianceStack made = onLoop(loop, OPEN_LIMIT_SECONDS, () -> new ApplianceStack(appliance, loop));
        appliance.own(made);
        appliance.describeWith("Network", made.stack::describe);
        return made.stack;
    }

    private NetStack openStack(Appliance appliance, Platform platform, Config config) {
        // Looked at before the device is opened, so that a mistake in them costs no device.
        Ipv4Prefix address = config.get(NetKeys.IPV4);
        Ipv4Address gateway = config.find(NetKeys.GATEWAY).orElse(Ipv4Address.ANY);
        if (!gateway.equals(Ipv4Address.ANY) && (!address.contains(gateway) || gateway.equals(address.address()))) {
            throw new ConfigException(
                    NetKeys.GATEWAY + "=" + gateway + " (" + config.origin(NetKeys.GATEWAY)
                            + ") cannot be reached from " + NetKeys.IPV4 + "=" + address + " ("
                            + config.origin(NetKeys.IPV4) + ").",
                    "The gateway is another host of the same link.",
                    "another gateway, or a shorter prefix in " + NetKeys.IPV4);
        }
        NetDevice device = NetDevices.open(new DeviceContext(platform, config, appliance.counters(), pool));
        try {
            return NetStack.builder(loop, device, pool)
                    .address(address)
                    .gateway(gateway)
                    .entropy(platform.entropy())
                    .counters(appliance.counters())
                    .config(config)
                    .build();
        } catch (RuntimeException | Error e) {
            device.close();
            throw e;
        }
    }

    @Override
    public void close() {
        onLoop(loop, CLOSE_LIMIT_SECONDS, () -> {
            stack.close();
            pool.close();
            return true;
        });
    }

    /** Runs something on the loop, or here if the loop has ended: then nobody else uses what belongs to it. */
    private static <T> T onLoop(EventLoop loop, long limitSeconds, Supplier<T> task) {
        CompletableFuture<T> done = new CompletableFuture<>();
        if (loop.inLoop() || !loop.tryExecute(() -> complete(done, task))) {
            return task.get();
        }
        try {
            return done.get(limitSeconds, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for the loop.", e);
        } catch (TimeoutException e) {
            throw new IllegalStateException("The loop does not run, or is busy for seconds.", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new CompletionException(e.getCause());
        }
    }

    private static <T> void complete(CompletableFuture<T> done, Supplier<T> task) {
        try {
            done.complete(task.get());
        } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
        }
    }
}
