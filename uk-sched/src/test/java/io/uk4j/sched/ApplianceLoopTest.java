package io.uk4j.sched;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.Appliance;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ApplianceLoopTest {
    @Test
    void anApplianceConfiguresDescribesAndClosesItsLoop() throws InterruptedException {
        Config config = Configs.builder()
                .discoverKeys(getClass().getClassLoader())
                .set("uk.sched.inbox", "64")
                .set("uk.sched.fiber.mode", "handoff")
                .build();
        Loop loop;
        try (Appliance appliance = Appliance.create(TestPlatform.real(), config, List.of())) {
            loop = Loop.start(appliance);
            assertTrue(loop.call(loop::inLoop));
            assertTrue(appliance.describe().contains("inbox of 64 tasks"), appliance.describe());
            assertTrue(appliance.describe().contains("fibers: handoff"), appliance.describe());
            assertTrue(appliance.counters().text().contains("uk_sched_rounds_total{loop=\"loop\"}"));
        }
        assertFalse(loop.tryExecute(() -> {}));
    }
}
