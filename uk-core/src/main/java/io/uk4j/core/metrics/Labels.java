package io.uk4j.core.metrics;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A set of labels, ordered by name, so that the order of {@code with} calls does not make two metrics out of one.
 *
 * @param values value by name, not changed any more
 * @param text as {@code a="x",b="y"}, escaped as the text format wants it
 */
record Labels(SortedMap<String, String> values, String text) {
    static final Labels NONE = new Labels(Collections.emptySortedMap(), "");

    Labels with(String name, String value) {
        // Prometheus keeps names that begin with two underscores for itself.
        if (!isName(name) || name.startsWith("__")) {
            throw new IllegalArgumentException("Not a label of lower-case letters, digits and underscores: " + name);
        }
        if (values.containsKey(name)) {
            throw new IllegalArgumentException("There is a label " + name + " already: " + text);
        }
        SortedMap<String, String> more = new TreeMap<>(values);
        more.put(name, value);
        StringBuilder pairs = new StringBuilder();
        for (Map.Entry<String, String> label : more.entrySet()) {
            pairs.append(pairs.isEmpty() ? "" : ",").append(label.getKey()).append("=\"");
            pairs.append(escape(label.getValue()).replace("\"", "\\\"")).append('"');
        }
        return new Labels(Collections.unmodifiableSortedMap(more), pairs.toString());
    }

    /**
     * Whether a text is of lower-case letters, digits and underscores, and begins with no digit. A hundred metrics are registered when an appliance
     * starts, on a cold JVM; so this uses no regular expression, and nothing here a stream.
     */
    static boolean isName(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean digit = c >= '0' && c <= '9';
            if (!(c >= 'a' && c <= 'z') && c != '_' && !(digit && i > 0)) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** The escapes that help and label values have in common. */
    static String escape(String text) {
        return text.replace("\\", "\\\\").replace("\n", "\\n");
    }
}
