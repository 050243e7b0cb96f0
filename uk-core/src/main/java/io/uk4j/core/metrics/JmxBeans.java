package io.uk4j.core.metrics;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The MBeans of one set of metrics on one server. */
final class JmxBeans implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JmxBeans.class);

    private final MetricSet metrics;
    private final MBeanServer server;
    private final List<ObjectName> names = new ArrayList<>();

    JmxBeans(MetricSet metrics, MBeanServer server) {
        this.metrics = metrics;
        this.server = server;
        metrics.onLabels(this::register);
    }

    static JmxBeans onPlatformServer(MetricSet metrics) {
        return new JmxBeans(metrics, ManagementFactory.getPlatformMBeanServer());
    }

    private synchronized void register(Labels labels) {
        try {
            names.add(server.registerMBean(new MetricsBean(metrics, labels), name(labels))
                    .getObjectName());
        } catch (InstanceAlreadyExistsException e) {
            LOG.warn("JMX shows the metrics of another appliance in this JVM as {}", e.getMessage());
        } catch (JMException e) {
            throw new IllegalStateException("No MBean could be made for the labels " + labels.text(), e);
        }
    }

    static ObjectName name(Labels labels) throws MalformedObjectNameException {
        StringBuilder name = new StringBuilder("io.uk4j:type=Metrics");
        labels.values()
                .forEach((label, value) -> name.append(',')
                        // "type" is taken by the first key of the name.
                        .append(label.equals("type") ? "type_" : label)
                        .append('=')
                        .append(isPlain(value) ? value : ObjectName.quote(value)));
        return new ObjectName(name.toString());
    }

    private static boolean isPlain(String value) {
        return !value.isEmpty() && value.chars().noneMatch(c -> ",=:\"*?\n\\".indexOf(c) >= 0);
    }

    @Override
    public void close() throws JMException {
        Consumer<Labels> nobody = labels -> {};
        metrics.onLabels(nobody);
        synchronized (this) {
            for (ObjectName name : names) {
                try {
                    server.unregisterMBean(name);
                } catch (InstanceNotFoundException _) {
                    LOG.debug("{} was taken away by somebody else", name);
                }
            }
            names.clear();
        }
    }
}
