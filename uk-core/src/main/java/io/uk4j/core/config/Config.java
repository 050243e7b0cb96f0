package io.uk4j.core.config;

import java.util.List;
import java.util.Optional;

/**
 * An appliance's configuration: a value for every known key, and where each came from. Checked as a whole when it is
 * made: unknown keys, values that do not parse and values out of range are refused then, not when somebody reads them.
 *
 * <p>Thread rule: shared, immutable.
 */
public interface Config {
    /**
     * The value of a key that has a default or that was set.
     *
     * @throws ConfigException if it has neither; names the key and how to set it
     * @throws IllegalArgumentException if the key is not known to this configuration (no {@link KeyProvider} lists it)
     */
    <T> T get(Key<T> key);

    /**
     * The value of a key, or empty if it has no default and was not set.
     *
     * @throws IllegalArgumentException if the key is not known to this configuration
     */
    <T> Optional<T> find(Key<T> key);

    /** Where the key's value came from, such as {@code command line}, {@code UK_NET_IPV4} or {@code default}. */
    String origin(Key<?> key);

    /** All known keys, ordered by name. */
    List<Key<?>> keys();

    /** One line for every key with value and origin, secrets masked. */
    String describe();
}
