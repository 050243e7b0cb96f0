package io.uk4j.core;

import java.util.List;

/**
 * Several sources of one device as one: each of them ends a wait. Every platform's waiter takes it if it takes the parts.
 *
 * <p>Thread rule: immutable; the parts are as they are.
 *
 * @param parts the sources, at least one, in any order; none of them is registered by itself as well
 */
public record JointSource(List<WaitSource> parts) implements WaitSource {
    /** Copies the list. */
    public JointSource {
        parts = List.copyOf(parts);
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("A joint source has one part or more.");
        }
    }
}
