package io.uk4j.net.tcpip;

import io.netty.buffer.ByteBuf;
import java.time.Duration;

/**
 * A TCP connection (RFC 9293), as its {@link TcpHandler} uses it. Bytes are neither copied in nor out: received ones are
 * shown where the device put them, sent ones are referred to by the segments that carry them until the peer has
 * acknowledged them.
 *
 * <p>Memory: the send queue and the receive queue take {@code uk.tcp.sendbuffer} and {@code uk.tcp.receivebuffer} bytes of
 * payload, and twice that in whole slots of the pool. Small pieces are copied together, so that many of them do not keep
 * a slot each. The peer's window opens as bytes are consumed.
 *
 * <p>Nothing is sent within a call: segments go out at the end of the loop's round.
 *
 * <p>Thread rule: loop-owned.
 */
public interface TcpConnection {
    /** This end. */
    Endpoint local();

    /** The far end. */
    Endpoint remote();

    /** The state and the figures of this moment. Allocates; it is for people, not for the data path. */
    TcpInfo info();

    /** How many bytes can be received at once. */
    int readableBytes();

    /** Whether the peer has ended its stream (its FIN has arrived); what is readable is the rest. */
    boolean isPeerClosed();

    /**
     * Shows what has arrived to the consumer, piece by piece, until it consumes less than it was shown.
     *
     * @param consumer sees each piece; must not call this method again
     * @return how many bytes were consumed; 0 if there were none
     * @throws IllegalStateException if called from within a consumer of this connection
     */
    int receive(SegmentConsumer consumer);

    /**
     * Queues bytes without copying them (or copied, if they are few). The caller must not change them afterwards. Taken
     * whole or not at all: whenever {@link #sendSpace} is not 0, even if they are more than that.
     *
     * @param buffer if taken, one reference moves to the connection, which releases it on this loop
     * @param offset index of the first byte
     * @param length how many bytes, more than 0
     * @return false if there is no space now ({@link TcpHandler#onWritable} tells when there is), or this side's stream has
     *     ended: the reference stays with the caller
     * @throws IndexOutOfBoundsException if the range does not lie in the buffer
     */
    boolean send(ByteBuf buffer, int offset, int length);

    /**
     * Queues a copy of bytes, put together with others in buffers of the pool.
     *
     * @return how many were taken, less than {@code length} if the queue is full or the pool is empty ({@link
     *     TcpHandler#onWritable} tells when there is space), or this side's stream has ended
     * @throws IndexOutOfBoundsException if the range does not lie in the array
     */
    int write(byte[] source, int offset, int length);

    /** How many bytes the send queue still takes; 0 once this side's stream has ended. */
    int sendSpace();

    /**
     * Switches Nagle's algorithm (RFC 9293, section 3.7.4).
     *
     * @param noDelay whether short segments go out even while an earlier one is not acknowledged; false at first, unless
     *     {@code uk.tcp.nodelay} says otherwise
     */
    void noDelay(boolean noDelay);

    /**
     * Switches keep-alive probes (RFC 9293, section 3.8.4).
     *
     * @param idle how long nothing must have come from the peer before it is probed; zero switches them off
     */
    void keepAlive(Duration idle);

    /** Ends this side's stream: what is queued is sent, then a FIN. The peer may go on sending. */
    void shutdownOutput();

    /**
     * Closes both ways: what is queued is sent, then a FIN. If received bytes were not consumed, or more arrive, the peer
     * gets a reset, so that it learns of the loss (RFC 1122, section 4.2.2.13). Of the callbacks only
     * {@link TcpHandler#onClosed} follows. Closing twice has no further effect.
     */
    void close();

    /** Ends the connection at once with a reset; what is queued is dropped. Has no effect on one that has ended. */
    void abort();
}
