package io.uk4j.core.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.management.AttributeNotFoundException;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

class JmxExportTest {
    private final MetricRegistry registry = new MetricRegistry();
    private final MBeanServer server = MBeanServerFactory.newMBeanServer();

    private Set<String> names() throws JMException {
        return server.queryNames(new ObjectName("io.uk4j:*"), null).stream()
                .map(ObjectName::getCanonicalName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void makesOneBeanOfEachSetOfLabels() throws JMException {
        registry.with("device", "net0").counter("uk_a_total", "A.").add(4);
        registry.with("device", "net0").gauge("uk_b", "B.", () -> 5);
        try (JmxBeans _ = new JmxBeans(registry.metrics(), server)) {
            assertEquals(Set.of("io.uk4j:type=Metrics", "io.uk4j:device=net0,type=Metrics"), names());
            ObjectName net0 = new ObjectName("io.uk4j:type=Metrics,device=net0");
            assertEquals(4L, server.getAttribute(net0, "uk_a_total"));
            assertEquals(5L, server.getAttribute(net0, "uk_b"));
            List<String> attributes = Arrays.stream(server.getMBeanInfo(net0).getAttributes())
                    .map(MBeanAttributeInfo::getName)
                    .toList();
            assertEquals(List.of("uk_a_total", "uk_b"), attributes);
            assertThrows(AttributeNotFoundException.class, () -> server.getAttribute(net0, "uk_c"));
        }
        assertEquals(Set.of(), names());
    }

    @Test
    void showsWhatIsRegisteredLater() throws JMException {
        try (JmxBeans _ = new JmxBeans(registry.metrics(), server)) {
            registry.with("device", "net1").counter("uk_a_total", "A.").increment();
            ObjectName net1 = new ObjectName("io.uk4j:type=Metrics,device=net1");
            assertEquals(1L, server.getAttribute(net1, "uk_a_total"));
            registry.with("device", "net1").counter("uk_b_total", "B.").add(2);
            assertEquals(2L, server.getAttribute(net1, "uk_b_total"));
        }
        registry.with("device", "net2").counter("uk_a_total", "A.");
        assertEquals(Set.of(), names());
    }

    @Test
    void quotesLabelValuesThatJmxWouldMisread() throws JMException {
        registry.with("type", "a=b,c").with("x", "").counter("uk_a_total", "A.");
        try (JmxBeans _ = new JmxBeans(registry.metrics(), server)) {
            assertTrue(names().contains("io.uk4j:type=Metrics,type_=\"a=b,c\",x=\"\""), names()::toString);
        }
    }

    @Test
    void leavesANameToTheRegistryThatHasIt() throws JMException {
        try (JmxBeans _ = new JmxBeans(registry.metrics(), server)) {
            try (JmxBeans _ = new JmxBeans(new MetricRegistry().metrics(), server)) {
                assertEquals(Set.of("io.uk4j:type=Metrics"), names());
            }
            assertEquals(Set.of("io.uk4j:type=Metrics"), names());
        }
    }

    @Test
    void usesTheServerOfTheJvm() throws JMException {
        registry.with("test", "JmxExportTest").counter("uk_a_total", "A.");
        ObjectName name = new ObjectName("io.uk4j:type=Metrics,test=JmxExportTest");
        try (JmxExport _ = JmxExport.tryOpen(registry).orElseThrow()) {
            assertEquals(0L, ManagementFactory.getPlatformMBeanServer().getAttribute(name, "uk_a_total"));
        }
        assertEquals(false, ManagementFactory.getPlatformMBeanServer().isRegistered(name));
    }
}
