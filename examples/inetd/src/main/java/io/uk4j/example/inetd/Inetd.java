package io.uk4j.example.inetd;

import io.uk4j.core.Appliance;
import io.uk4j.net.tcpip.NetStack;
import io.uk4j.sched.Loop;

/**
 * Echo (7), discard (9), daytime (13) and chargen (19), over TCP and UDP. All of it runs as callbacks on the loop.
 *
 * <p>Arguments of its own: how people reach it, for the line that says that it is ready.
 */
public final class Inetd {
    private Inetd() {}

    /**
     * Starts it.
     *
     * @param args see {@link Appliance#main}
     */
    public static void main(String[] args) {
        Appliance.main(args, Inetd::start);
    }

    private static void start(Appliance appliance) throws InterruptedException {
        Loop loop = Loop.start(appliance);
        NetStack net = NetStack.open(appliance, loop);
        loop.call(() -> {
            Services services = new Services(appliance.platform(), net.pool(), appliance.counters());
            appliance.own(() -> loop.call(() -> {
                services.close();
                return true;
            }));
            services.open(net.tcp());
            services.open(net::openUdp);
            return true;
        });
        String reached = appliance.arguments().isEmpty()
                ? "echo, discard, daytime and chargen at " + net.address().address()
                : String.join(" ", appliance.arguments());
        appliance.platform().console().write("Ready: " + reached + "\n");
    }
}
