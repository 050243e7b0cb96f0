package io.uk4j.virtio.driver;

import io.uk4j.core.Clock;
import io.uk4j.core.PageSource;
import io.uk4j.core.config.Config;
import io.uk4j.core.metrics.Counters;

/**
 * What the drivers may use that a platform opens for itself, before there are loops and their buffers: {@link VirtioEntropy} and
 * {@link VirtioConsole}.
 *
 * @param pages the memory of queues and buffers; the device must be able to reach it
 * @param clock the platform's
 * @param config the appliance's configuration, with the keys of {@link VirtioKeys}
 * @param counters where the driver's own counters hang
 */
public record VirtioContext(PageSource pages, Clock clock, Config config, Counters counters) {}
