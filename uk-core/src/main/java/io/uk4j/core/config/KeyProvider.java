package io.uk4j.core.config;

import java.util.Collection;

/** Tells which keys a module understands; found by {@link java.util.ServiceLoader}. */
public interface KeyProvider {
    /** The module's keys. */
    Collection<Key<?>> keys();
}
