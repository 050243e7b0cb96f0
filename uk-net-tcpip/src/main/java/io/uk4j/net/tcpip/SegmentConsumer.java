package io.uk4j.net.tcpip;

import io.netty.buffer.ByteBuf;

/**
 * Takes received bytes where they lie.
 *
 * <p>Thread rule: called on the loop.
 */
@FunctionalInterface
public interface SegmentConsumer {
    /**
     * Some bytes of the stream, in order.
     *
     * @param buffer on loan for the call, to be read at absolute indices only; whoever wants the bytes for longer calls
     *     {@link ByteBuf#retain} and releases it on this loop. A kept buffer is a slot that the device cannot receive into.
     * @param offset index of the first byte
     * @param length how many bytes, more than 0
     * @return how many were consumed, 0 to {@code length}; fewer than all ends the {@link TcpConnection#receive}
     */
    int consume(ByteBuf buffer, int offset, int length);
}
