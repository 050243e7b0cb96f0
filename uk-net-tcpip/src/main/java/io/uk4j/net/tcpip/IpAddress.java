package io.uk4j.net.tcpip;

/**
 * An address of the internet layer.
 *
 * <p>Thread rule: shared, immutable.
 */
public sealed interface IpAddress permits Ipv4Address {
    /**
     * Parses an address in its usual notation.
     *
     * @throws IllegalArgumentException if the text is not an address
     */
    static IpAddress parse(String text) {
        return Ipv4Address.parse(text);
    }
}
