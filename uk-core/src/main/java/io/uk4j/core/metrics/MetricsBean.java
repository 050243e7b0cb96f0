package io.uk4j.core.metrics;

import java.util.ArrayList;
import java.util.List;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.DynamicMBean;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.ReflectionException;
import org.jspecify.annotations.Nullable;

/** The metrics with one set of labels, as read-only attributes of type long that are looked up at each call. */
final class MetricsBean implements DynamicMBean {
    private final MetricSet metrics;
    private final Labels labels;

    MetricsBean(MetricSet metrics, Labels labels) {
        this.metrics = metrics;
        this.labels = labels;
    }

    @Override
    public Object getAttribute(String name) throws AttributeNotFoundException {
        AttributeList found = getAttributes(new String[] {name});
        if (found.isEmpty()) {
            throw new AttributeNotFoundException(name);
        }
        return ((Attribute) found.getFirst()).getValue();
    }

    @Override
    public AttributeList getAttributes(String[] names) {
        List<String> wanted = List.of(names);
        AttributeList found = new AttributeList();
        metrics.forEach((name, theirs, help, counter, value) -> {
            if (theirs.equals(labels.text()) && wanted.contains(name)) {
                found.add(new Attribute(name, value));
            }
        });
        return found;
    }

    @Override
    public MBeanInfo getMBeanInfo() {
        List<MBeanAttributeInfo> attributes = new ArrayList<>();
        metrics.forEach((name, theirs, help, counter, value) -> {
            if (theirs.equals(labels.text())) {
                attributes.add(new MBeanAttributeInfo(name, "long", help, true, false, false));
            }
        });
        String description =
                labels.values().isEmpty() ? "Counters and gauges." : "Counters and gauges of " + labels.text();
        return new MBeanInfo(
                MetricsBean.class.getName(),
                description,
                attributes.toArray(MBeanAttributeInfo[]::new),
                null,
                null,
                null);
    }

    @Override
    public void setAttribute(Attribute attribute) throws AttributeNotFoundException {
        throw new AttributeNotFoundException("Metrics are read-only: " + attribute.getName());
    }

    @Override
    public AttributeList setAttributes(AttributeList attributes) {
        return new AttributeList();
    }

    @Override
    public @Nullable Object invoke(String action, Object[] arguments, String[] signature) throws ReflectionException {
        throw new ReflectionException(new NoSuchMethodException(action));
    }
}
