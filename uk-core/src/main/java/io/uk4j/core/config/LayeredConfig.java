package io.uk4j.core.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The result of resolving all layers. */
final class LayeredConfig implements Config {
    /** What is shown instead of a secret; of one length, which says nothing about the value's. */
    static final String MASK = "********";

    private static final String NOT_SET = "not set";

    /** How wide a value may be before the column of origins gives way. */
    private static final int WIDTH_LIMIT = 48;

    /** A key with its value, if it has one. */
    record Entry<T>(
            Key<T> key, @Nullable String text, @Nullable T value, String origin) {

        static <T> Entry<T> unset(Key<T> key) {
            return new Entry<>(key, null, null, NOT_SET);
        }

        String shown() {
            if (text == null) {
                return "-";
            }
            return key.isSecret() ? MASK : text.replace("\r", "\\r").replace("\n", "\\n");
        }
    }

    private final Map<String, Entry<?>> entries = new LinkedHashMap<>();

    /** Takes entries that are ordered by name. */
    LayeredConfig(List<Entry<?>> ordered) {
        ordered.forEach(entry -> entries.put(entry.key().name(), entry));
    }

    @Override
    public <T> T get(Key<T> key) {
        T value = entry(key).value();
        if (value == null) {
            throw new ConfigException(
                    key + " is not set: " + key.description() + '.',
                    "Allowed: " + key.allowed() + '.',
                    key + "=..." + " on the command line, or in uk.properties, or " + key.environmentName()
                            + " in the environment");
        }
        return value;
    }

    @Override
    public <T> Optional<T> find(Key<T> key) {
        return Optional.ofNullable(entry(key).value());
    }

    @Override
    public String origin(Key<?> key) {
        return entry(key).origin();
    }

    @SuppressWarnings("unchecked") // The key is the same object, so its type is the same too.
    private <T> Entry<T> entry(Key<T> key) {
        Entry<?> entry = entries.get(key.name());
        if (entry == null || entry.key() != key) {
            throw new IllegalArgumentException(
                    "The key " + key + " is not known here: no KeyProvider lists this very object.");
        }
        return (Entry<T>) entry;
    }

    @Override
    public List<Key<?>> keys() {
        List<Key<?>> keys = new ArrayList<>();
        entries.values().forEach(entry -> keys.add(entry.key()));
        return List.copyOf(keys);
    }

    @Override
    public String describe() {
        int nameWidth = 0;
        int valueWidth = 0;
        for (Entry<?> entry : entries.values()) {
            nameWidth = Math.max(nameWidth, entry.key().name().length());
            valueWidth = Math.max(valueWidth, Math.min(entry.shown().length(), WIDTH_LIMIT));
        }
        StringBuilder text = new StringBuilder();
        for (Entry<?> entry : entries.values()) {
            pad(text, entry.key().name(), nameWidth);
            pad(text, entry.shown(), valueWidth);
            text.append(entry.origin()).append('\n');
        }
        return text.toString();
    }

    private static void pad(StringBuilder text, String word, int width) {
        text.append(word).repeat(' ', Math.max(0, width - word.length()) + 2);
    }
}
