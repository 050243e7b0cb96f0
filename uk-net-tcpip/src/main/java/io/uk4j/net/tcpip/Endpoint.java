package io.uk4j.net.tcpip;

/**
 * One end of a conversation.
 *
 * @param address the host's address
 * @param port the port, 0 to 65,535; 0 means any, where any is allowed
 */
public record Endpoint(IpAddress address, int port) {
    /** Checks the range. */
    public Endpoint {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("A port lies within 0 and 65535, not " + port + ".");
        }
    }

    /** The address, a colon, the port. */
    @Override
    public String toString() {
        return address + ":" + port;
    }
}
