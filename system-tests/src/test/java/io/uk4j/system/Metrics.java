package io.uk4j.system;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What an appliance has counted.
 *
 * @param values the value of each series, such as {@code uk_ip_packets_dropped_total{reason="ip_checksum"}}
 */
record Metrics(Map<String, Double> values) {
    /** Reads the Prometheus text format. */
    static Metrics parse(String text) {
        Map<String, Double> values = new LinkedHashMap<>();
        text.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).forEach(line -> {
            int space = line.lastIndexOf(' ');
            values.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
        });
        return new Metrics(values);
    }

    /** The sum of all series of a name. Fails if there is none, as a name may be misspelt. */
    long sum(String name) {
        return sum(name, "");
    }

    /** The sum of the series of a name that have a label, such as {@code reason="window"}. */
    long sum(String name, String label) {
        double[] found = values.entrySet().stream()
                .filter(series ->
                        series.getKey().equals(name) || series.getKey().startsWith(name + "{"))
                .filter(series -> series.getKey().contains(label))
                .mapToDouble(Map.Entry::getValue)
                .toArray();
        if (found.length == 0) {
            throw new IllegalArgumentException("Nothing counts " + name + " " + label + ":\n" + this);
        }
        double sum = 0;
        for (double value : found) {
            sum += value;
        }
        return Math.round(sum);
    }

    /** All that is not 0, a series a line. */
    @Override
    public String toString() {
        return values.entrySet().stream()
                .filter(series -> series.getValue() != 0)
                .map(series -> series.getKey() + " " + series.getValue())
                .collect(Collectors.joining("\n"));
    }
}
