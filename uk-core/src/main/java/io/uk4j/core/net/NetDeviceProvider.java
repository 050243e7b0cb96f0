package io.uk4j.core.net;

import io.uk4j.core.DeviceContext;

/**
 * Opens network devices of one scheme; found by {@link java.util.ServiceLoader}. {@code uk.net.device=tap:uk0} is opened
 * by the provider of the scheme {@code tap} with the address {@code uk0}.
 */
public interface NetDeviceProvider {
    /** The scheme, in lower case, such as {@code tap}. */
    String scheme();

    /** How an address of this scheme is written, for messages, such as {@code tap:NAME}. */
    String usage();

    /**
     * Opens a device for the loop that owns the context's pool.
     *
     * @param context what the device may use
     * @param address what follows the scheme and its colon; may be empty
     * @throws io.uk4j.core.DeviceException if the device is missing, taken or not permitted; the message says which, and
     *     what to do
     * @throws io.uk4j.core.config.ConfigException if the address cannot be understood
     */
    NetDevice open(DeviceContext context, String address);
}
