package io.uk4j.system;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of a test's own: a host with the kernel's stack, that nothing else is connected to. */
final class Netns implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String name = "uk-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();

    /** Makes one. {@code Requirements.tap} says whether that can be. */
    Netns() {
        Command.run("ip", "netns", "add", name).succeeded();
        try {
            run("ip", "link", "set", "lo", "up").succeeded();
            // Else the kernel speaks of IPv6 on every new interface, which captures would show.
            run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    String name() {
        return name;
    }

    /** The command line that runs another in here. */
    List<String> inside(List<String> line) {
        List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", name));
        whole.addAll(line);
        return whole;
    }

    /** Runs code on a thread that is in here: sockets that it opens are this host's, whoever uses them later. */
    <T> T call(Callable<T> code) {
        FutureTask<T> task = new FutureTask<>(() -> {
            Syscalls.enterNetns(Path.of("/run/netns", name));
            return code.call();
        });
        Thread thread = Thread.ofPlatform().name(name).daemon().start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs a command in here, to its end. */
    Command run(Duration limit, String... line) {
        return Command.run(limit, inside(List.of(line)));
    }

    /** Runs a command that takes seconds at most. */
    Command run(String... line) {
        return Command.run(Duration.ofSeconds(20), inside(List.of(line)));
    }

    /** Ends what runs in here, and takes the namespace away with its interfaces. */
    @Override
    public void close() {
        Command.run("ip", "netns", "pids", name).output().lines().forEach(pid -> {
            if (pid.chars().allMatch(Character::isDigit)) {
                ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
            }
        });
        Command.run("ip", "netns", "del", name).succeeded();
    }
}
