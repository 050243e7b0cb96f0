package io.uk4j.platform.unix;

import io.uk4j.core.config.Config;
import io.uk4j.core.config.Key;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The platform's keys, with values by name. */
record MapConfig(Map<String, String> values) implements Config {
    @Override
    public <T> T get(Key<T> key) {
        return find(key).orElseThrow();
    }

    @Override
    public <T> Optional<T> find(Key<T> key) {
        String text = values.get(key.name());
        if (text == null) {
            text = key.defaultText();
        }
        return text == null ? Optional.empty() : Optional.of(key.parse(text));
    }

    @Override
    public String origin(Key<?> key) {
        return values.containsKey(key.name()) ? "test" : "default";
    }

    @Override
    public List<Key<?>> keys() {
        return List.copyOf(new UnixKeys().keys());
    }

    @Override
    public String describe() {
        return values.toString();
    }
}
