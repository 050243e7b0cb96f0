package io.uk4j.core.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is wrong with a configuration, collected so that a user hears of everything at once. */
final class Problems {
    private final List<ConfigException> found = new ArrayList<>();

    void add(String what, @Nullable String allowed, @Nullable String remedy) {
        found.add(new ConfigException(what, allowed, remedy));
    }

    /** Throws what was found, if anything: a single problem as it is, several as a numbered list. */
    void throwIfAny() {
        if (found.isEmpty()) {
            return;
        }
        if (found.size() == 1) {
            throw found.getFirst();
        }
        StringBuilder text = new StringBuilder("The configuration has " + found.size() + " errors.");
        for (int i = 0; i < found.size(); i++) {
            text.append("\n\n")
                    .append(i + 1)
                    .append(". ")
                    .append(String.valueOf(found.get(i).getMessage()).replace("\n", "\n   "));
        }
        ConfigException all = new ConfigException(text.toString(), null, null);
        found.forEach(all::addSuppressed);
        throw all;
    }
}
