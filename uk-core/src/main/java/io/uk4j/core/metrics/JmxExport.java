package io.uk4j.core.metrics;

import java.util.Optional;

/**
 * Shows a registry through JMX, on the JVM's own MBean server. Each set of labels is one MBean, named {@code
 * io.uk4j:type=Metrics} followed by the labels ({@code io.uk4j:type=Metrics,device=net0}); its attributes are the metrics
 * with these labels, under their own names. Metrics that are registered later appear by themselves.
 *
 * <p>An MBean name exists once in a JVM: labels that another registry shows already stay with that one, and a warning is
 * logged.
 *
 * <p>Thread rule: shared.
 */
public final class JmxExport implements AutoCloseable {
    private final AutoCloseable beans;

    private JmxExport(AutoCloseable beans) {
        this.beans = beans;
    }

    /**
     * Starts to show a registry; at most one export of it may be open.
     *
     * @param registry what to show, with all that was derived from it by labels
     * @return what ends it, or empty if this JVM runs without the module {@code java.management}
     */
    public static Optional<JmxExport> tryOpen(MetricRegistry registry) {
        // The types of the optional module are named only by JmxBeans, which is not loaded without it.
        return ModuleLayer.boot().findModule("java.management").isPresent()
                ? Optional.of(new JmxExport(JmxBeans.onPlatformServer(registry.metrics())))
                : Optional.empty();
    }

    /** Takes the MBeans away. Closing twice has no further effect. */
    @Override
    public void close() {
        try {
            beans.close();
        } catch (Exception e) {
            throw new IllegalStateException("The MBeans could not be taken away.", e);
        }
    }
}
