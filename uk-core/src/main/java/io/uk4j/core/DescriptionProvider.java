package io.uk4j.core;

import io.uk4j.core.config.Config;

/**
 * What a linked module has to say in {@link Appliance#describe} about how it will run, before anything is started; found by
 * {@link java.util.ServiceLoader}. {@code --describe} starts nothing, so it is all that there is to say.
 *
 * <p>Thread rule: shared.
 */
public interface DescriptionProvider {
    /** The heading; whoever runs later replaces the section by {@link Appliance#describeWith} of the same title. */
    String title();

    /**
     * The lines.
     *
     * @param config the appliance's configuration, with the keys of all linked modules
     */
    String describe(Config config);
}
