package io.uk4j.gateway;

/**
 * What is attached to a socket of the host.
 *
 * <p>Thread rule: called on the gateway's loop.
 */
interface HostSocket {
    /**
     * The socket is ready.
     *
     * @param ops for what, a set of {@link java.nio.channels.SelectionKey}'s bits
     */
    void ready(int ops);

    /**
     * A socket that has asked for it by {@link HostSockets#wantsMemory} may try again.
     *
     * @return false if memory is still short, and the socket asks again
     */
    default boolean memoryIsBack() {
        return true;
    }
}
