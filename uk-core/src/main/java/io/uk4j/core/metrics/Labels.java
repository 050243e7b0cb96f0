package io.uk4j.core.metrics;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A set of labels, ordered by name, so that the order of {@code with} calls does not make two metrics out of one.
 *
 * @param values value by name, not changed any more
 * @param text as {@code a="x",b="y"}, escaped as the text format wants it
 */
record Labels(SortedMap<String, String> values, String text) {
    static final Labels NONE = new Labels(Collections.emptySortedMap(), "");

    /** Prometheus keeps names that begin with two underscores for itself. */
    private static final Pattern NAME = Pattern.compile("(?!__)[a-z_][a-z0-9_]*");

    Labels with(String name, String value) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("Not a label of lower-case letters, digits and underscores: " + name);
        }
        if (values.containsKey(name)) {
            throw new IllegalArgumentException("There is a label " + name + " already: " + text);
        }
        SortedMap<String, String> more = new TreeMap<>(values);
        more.put(name, value);
        return new Labels(
                Collections.unmodifiableSortedMap(more),
                more.entrySet().stream().map(Labels::pair).collect(Collectors.joining(",")));
    }

    private static String pair(Map.Entry<String, String> label) {
        return label.getKey() + "=\"" + escape(label.getValue()).replace("\"", "\\\"") + '"';
    }

    /** The escapes that help and label values have in common. */
    static String escape(String text) {
        return text.replace("\\", "\\\\").replace("\n", "\\n");
    }
}
