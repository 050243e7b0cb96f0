package io.uk4j.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** A network namespace of this process's own, for the length of a benchmark. */
final class Netns implements AutoCloseable {
    private final String name;

    private Netns(String name) {
        this.name = name;
    }

    /**
     * Makes a namespace whose loopback is up and whose TCP uses CUBIC, as our peers' figures shall not depend on the
     * host's default.
     *
     * @param suffix tells this process's namespaces apart
     */
    static Netns create(String suffix) {
        String name = "ukb" + ProcessHandle.current().pid() % 100_000 + suffix;
        try {
            Command.run("ip", "netns", "add", name);
        } catch (BenchmarkException e) {
            throw new BenchmarkException(
                    "A network namespace is needed, and could not be made.\nTry: run as root, with iproute2 installed\n"
                            + e.getMessage(),
                    e);
        }
        Netns netns = new Netns(name);
        netns.run("ip", "link", "set", "lo", "up");
        try {
            netns.run("sysctl", "-qw", "net.ipv4.tcp_congestion_control=cubic");
        } catch (BenchmarkException _) {
            System.out.println("note: CUBIC is not allowed in a namespace here; the kernel's default is used.\n"
                    + "Try: sysctl -w net.ipv4.tcp_allowed_congestion_control='cubic reno bbr'");
        }
        return netns;
    }

    /** Makes a TAP with an address in the namespace. */
    void tap(String device, String prefix, boolean offloads) {
        List<String> words = new ArrayList<>(List.of("ip", "tuntap", "add", "dev", device, "mode", "tap"));
        if (offloads) {
            words.add("vnet_hdr");
        }
        run(words.toArray(String[]::new));
        run("ip", "addr", "add", prefix, "dev", device);
        run("ip", "link", "set", device, "up");
    }

    /** Gives an interface of the namespace an address and an MTU, and sets it up. */
    void address(String device, String prefix, int mtuBytes) {
        run("ip", "addr", "add", prefix, "dev", device);
        run("ip", "link", "set", device, "mtu", Integer.toString(mtuBytes), "up");
    }

    /** Runs a command inside. */
    String run(String... words) {
        return Command.run(inside(words));
    }

    /** The words of a command that runs inside. */
    List<String> inside(String... words) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(List.of(words));
        return all;
    }

    /** The namespace's name, for commands that take one. */
    String name() {
        return name;
    }

    @Override
    public void close() {
        Command.run("ip", "netns", "del", name);
    }
}
