package io.uk4j.testkit;

import org.jspecify.annotations.Nullable;

/**
 * Says whether a field of one layer is as expected. Made by {@link Packets}.
 *
 * @param <L> the layer: one of the records in {@link DecodedFrame}
 */
@FunctionalInterface
public interface FieldMatcher<L> {
    /**
     * Compares.
     *
     * @param layer the layer
     * @param frame the frame that it is from
     * @return null if it matches, else what was expected and what was found
     */
    @Nullable
    String mismatch(L layer, DecodedFrame frame);
}
