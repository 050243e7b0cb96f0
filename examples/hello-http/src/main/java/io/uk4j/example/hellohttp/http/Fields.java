package io.uk4j.example.hellohttp.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The header fields of a request, in order. Names are compared without regard to case. */
public final class Fields {
    private final List<String> names = new ArrayList<>();
    private final List<String> values = new ArrayList<>();

    Fields() {}

    void add(String name, String value) {
        names.add(name.toLowerCase(Locale.ROOT));
        values.add(value);
    }

    int count() {
        return names.size();
    }

    /**
     * The value of the first field of that name, or null.
     *
     * @param name in lower case
     */
    public @Nullable String first(String name) {
        int index = names.indexOf(name);
        return index < 0 ? null : values.get(index);
    }

    /**
     * The values of all fields of that name.
     *
     * @param name in lower case
     */
    public List<String> all(String name) {
        List<String> result = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).equals(name)) {
                result.add(values.get(i));
            }
        }
        return result;
    }

    /**
     * The elements of all comma-separated lists of that name as one list, in lower case, without empty ones (RFC 9110, section
     * 5.6.1).
     *
     * @param name in lower case
     */
    public List<String> elements(String name) {
        List<String> result = new ArrayList<>();
        for (String value : all(name)) {
            int from = 0;
            while (from <= value.length()) {
                int comma = value.indexOf(',', from);
                int to = comma < 0 ? value.length() : comma;
                String element = value.substring(from, to).strip();
                if (!element.isEmpty()) {
                    result.add(element.toLowerCase(Locale.ROOT));
                }
                from = to + 1;
            }
        }
        return result;
    }
}
