package io.uk4j.net.tcpip.tcp;

/**
 * Chooses local ports (RFC 6056, section 3.3.3): for each far end the search begins at a place that only this host can
 * compute, and goes on from where the last one ended.
 */
final class EphemeralPorts {
    private static final int FIRST = 32_768;
    private static final int COUNT = 32_768;

    private final SipHash secret;
    private int counter;

    EphemeralPorts(SipHash secret) {
        this.secret = secret;
    }

    /** Whether a port can be had. */
    @FunctionalInterface
    interface Availability {
        boolean isFree(int port);
    }

    /** A port, or -1 if none is free. */
    int choose(int localAddress, int remoteAddress, int remotePort, Availability availability) {
        int offset = (int) secret.hash(localAddress, 0, remoteAddress, remotePort);
        for (int i = 0; i < COUNT; i++) {
            int port = FIRST + ((offset + counter++) & (COUNT - 1));
            if (availability.isFree(port)) {
                return port;
            }
        }
        return -1;
    }
}
