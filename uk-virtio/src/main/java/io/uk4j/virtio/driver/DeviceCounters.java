package io.uk4j.virtio.driver;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** What every virtio driver counts of its device's behaviour. */
final class DeviceCounters {
    private final Map<Violation, Counter> violations = new EnumMap<>(Violation.class);

    /** How many times the device was started again after it went away, broke the rules, or took too long. */
    final Counter restarts;

    DeviceCounters(Counters registry, String device) {
        Counters own = registry.with("device", device);
        for (Violation violation : Violation.values()) {
            violations.put(
                    violation,
                    own.with("violation", violation.name().toLowerCase(Locale.ROOT))
                            .counter("uk_virtio_violations_total", "Times a virtio device broke the rules, by rule."));
        }
        restarts = own.counter("uk_virtio_restarts_total", "Times a virtio device was reset and started again.");
    }

    void violated(VirtioException e) {
        Objects.requireNonNull(violations.get(e.violation())).increment();
    }
}
