package io.uk4j.core;

import io.uk4j.core.config.Config;
import io.uk4j.core.metrics.Counters;

/**
 * What a device provider may use to open a device.
 *
 * @param platform the platform under it
 * @param config the appliance's configuration
 * @param counters where the device's own counters hang
 * @param pool the buffers of the loop that will own the device; received frames are put into them
 */
public record DeviceContext(Platform platform, Config config, Counters counters, BufferPool pool) {}
