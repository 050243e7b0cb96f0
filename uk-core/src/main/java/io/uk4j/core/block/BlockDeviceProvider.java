package io.uk4j.core.block;

import io.uk4j.core.DeviceContext;

/**
 * Opens block devices of one scheme; found by {@link java.util.ServiceLoader}. {@code uk.block.device=file:disk.img} is
 * opened by the provider of the scheme {@code file} with the address {@code disk.img}.
 */
public interface BlockDeviceProvider {
    /** The scheme, in lower case, such as {@code file}. */
    String scheme();

    /** How an address of this scheme is written, for messages, such as {@code file:PATH}. */
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
    BlockDevice open(DeviceContext context, String address);
}
