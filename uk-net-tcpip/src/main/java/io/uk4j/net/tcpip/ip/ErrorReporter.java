package io.uk4j.net.tcpip.ip;

/**
 * Tells a sender by ICMP what became of his packet, as far as that is allowed and not too often.
 *
 * <p>Thread rule: loop-owned.
 */
public interface ErrorReporter {
    /**
     * Reports an error, or decides not to.
     *
     * @param type of the ICMP message
     * @param code of the ICMP message
     * @param about the packet as it came, quoted in the message; not changed, and kept by the caller
     */
    void report(int type, int code, Packet about);
}
