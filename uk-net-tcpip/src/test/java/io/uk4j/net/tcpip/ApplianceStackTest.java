package io.uk4j.net.tcpip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Appliance;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.config.Configs;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.sched.Loop;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ApplianceStackTest {
    private static final long MEMORY_BYTES = 6 << 20;

    private final SimPlatform platform =
            new SimPlatform(new Simulation(1), "host", SimPlatform.DEFAULT_EPOCH, MEMORY_BYTES);

    @Test
    void opensAsConfiguredAndClosesWithTheAppliance() {
        Appliance appliance =
                appliance("uk.net.device=lonely:uk0", "uk.net.ipv4=10.0.2.15/24", "uk.net.gateway=10.0.2.2");
        Loop loop = Loop.start(appliance);
        NetStack stack = NetStack.open(appliance, loop);
        assertEquals("10.0.2.15/24", stack.address().toString());
        assertEquals("10.0.2.2", stack.gateway().toString());
        assertTrue(appliance.describe().contains("uk0"), appliance.describe());
        assertTrue(appliance.counters().text().contains("uk_ip_packets_dropped_total"));
        appliance.close();
        // All memory can be had, so the pool's is back.
        platform.pages().release(platform.pages().allocate(MEMORY_BYTES, 1));
    }

    @Test
    void needsNoGateway() {
        Appliance appliance = appliance("uk.net.device=lonely:uk0", "uk.net.ipv4=10.0.2.15/24");
        NetStack stack = NetStack.open(appliance, Loop.start(appliance));
        assertEquals(Ipv4Address.ANY, stack.gateway());
        appliance.close();
    }

    @Test
    void refusesAGatewayOfAnotherLink() {
        Appliance appliance =
                appliance("uk.net.device=lonely:uk0", "uk.net.ipv4=10.0.2.15/24", "uk.net.gateway=10.0.3.1");
        Loop loop = Loop.start(appliance);
        ConfigException refusal = assertThrows(ConfigException.class, () -> NetStack.open(appliance, loop));
        String message = Objects.requireNonNull(refusal.getMessage());
        assertTrue(
                message.contains("uk.net.gateway=10.0.3.1") && message.contains("uk.net.ipv4=10.0.2.15/24"), message);
        appliance.close();
    }

    @Test
    void namesTheKeyThatIsMissing() {
        Appliance appliance = appliance("uk.net.device=lonely:uk0");
        Loop loop = Loop.start(appliance);
        ConfigException refusal = assertThrows(ConfigException.class, () -> NetStack.open(appliance, loop));
        assertTrue(Objects.requireNonNull(refusal.getMessage()).contains("uk.net.ipv4"));
        appliance.close();
    }

    private Appliance appliance(String... arguments) {
        return Appliance.create(
                platform,
                Configs.builder()
                        .discoverKeys(getClass().getClassLoader())
                        .set("uk.mm.pool.bytes", "4M")
                        .commandLine(Arrays.asList(arguments))
                        .build());
    }
}
