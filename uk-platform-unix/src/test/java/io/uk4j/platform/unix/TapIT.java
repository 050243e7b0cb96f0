package io.uk4j.platform.unix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.Waiter;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A TAP interface against the kernel's own stack, which sits at its other end in a network namespace of its own. */
@Timeout(30)
class TapIT {
    private static final String NAMESPACE = "uk4jtap" + ProcessHandle.current().pid() % 100_000;
    private static final String TAP = "ukt" + ProcessHandle.current().pid() % 100_000;
    private static final int OUR_IP = 0x0a4d_1d02;

    private final UnixPlatform platform = UnixPlatform.builder().portable(false).build();
    private final ListPool pool = new ListPool(64, 32);
    private final MapCounters counters = new MapCounters();
    private final FrameBatch in = new FrameBatch();
    private final FrameBatch out = new FrameBatch();

    @BeforeEach
    void makeNamespace() {
        SystemRequirements.tapAndNamespaces("ip", "ping", "python3");
        Host.run("ip netns add " + NAMESPACE);
    }

    @AfterEach
    void removeNamespace() {
        in.clear();
        out.clear();
        platform.close();
        Host.start("ip link del " + TAP).onExit().join();
        Host.start("ip netns del " + NAMESPACE).onExit().join();
    }

    @Test
    void answersTheKernelsArpAndEcho() throws Exception {
        try (NetDevice tap = openInNamespace(Map.of());
                Waiter waiter = platform.newWaiter()) {
            waiter.register(tap.source());
            Process ping = Host.start("ip netns exec " + NAMESPACE + " ping -c 3 -i 0.2 -W 5 10.77.29.2");
            long macOfKernel = 0;
            int echoes = 0;
            while (ping.isAlive()) {
                while (tap.poll(in) > 0) {
                    while (!in.isEmpty()) {
                        long before = Frames.sourceMac(in);
                        if (Frames.answer(in, out, pool, tap.info().mac(), OUR_IP)) {
                            macOfKernel = before;
                            echoes += Frames.isEcho(out) ? 1 : 0;
                            assertEquals(1, tap.offer(out));
                            tap.flush();
                        }
                    }
                }
                if (!tap.arm()) {
                    waiter.await(platform.clock().nowNs() + 20_000_000);
                }
            }
            String text = Host.output(ping);
            assertTrue(text.contains("3 received"), text);
            assertEquals(3, echoes);
            assertEquals(tap.info().mac(), TapOpener.derive(macOfKernel));
            assertNotEquals(macOfKernel, tap.info().mac().bits());
            assertEquals(4, counters.value("uk_net_frames_sent_total{device=\"" + TAP + "\"}"));
        }
        assertEquals(pool.capacityBytes(), pool.availableBytes());
    }

    @Test
    void theInterfaceGoesAwayWithTheDevice() {
        open(TAP, Map.of()).close();
        assertNotEquals(0, Host.start("ip link show " + TAP).onExit().join().exitValue());
    }

    private NetDevice open(String name, Map<String, String> config) {
        return new TapProvider().open(new DeviceContext(platform, new MapConfig(config), counters, pool), name);
    }

    /** Opens the interface where this process is, and gives its other end to the namespace: the descriptor stays. */
    private NetDevice openInNamespace(Map<String, String> config) {
        NetDevice tap = open(TAP, config);
        Host.run("ip link set " + TAP + " netns " + NAMESPACE);
        Host.run("ip -n " + NAMESPACE + " addr add 10.77.29.1/24 dev " + TAP);
        Host.run("ip -n " + NAMESPACE + " link set " + TAP + " up");
        return tap;
    }
}
