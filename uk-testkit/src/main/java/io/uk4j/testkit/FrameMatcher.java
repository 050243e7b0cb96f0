package io.uk4j.testkit;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;

/**
 * Says whether a frame is as expected, and if not, why. Made by {@link Packets}, joined by {@link #and}:
 *
 * {@snippet :
 * ethernet(type(IPV4)).and(ipv4(ttl(64), protocol(TCP))).and(tcp(flags(SYN | ACK), seq(x))).assertMatches(frame);
 * }
 *
 * <p>Thread rule: shared, immutable.
 */
@FunctionalInterface
public interface FrameMatcher {
    /**
     * Compares.
     *
     * @param frame what to look at
     * @return null if it matches, else what was expected and what was found
     */
    @Nullable
    String mismatch(DecodedFrame frame);

    /**
     * Matches what this and the other match.
     *
     * @param other looked at if this matches
     */
    default FrameMatcher and(FrameMatcher other) {
        return frame -> {
            String mismatch = mismatch(frame);
            return mismatch == null ? other.mismatch(frame) : mismatch;
        };
    }

    /** Whether a frame matches; {@code matcher::matches} is a filter for a wire or for a list of frames. */
    default boolean matches(byte[] frame) {
        return mismatch(DecodedFrame.decode(frame)) == null;
    }

    /**
     * Asserts that a frame matches.
     *
     * @param frame from its Ethernet header on
     * @throws AssertionError if it does not; its message names the difference and shows the frame decoded
     */
    default void assertMatches(byte[] frame) {
        DecodedFrame decoded = DecodedFrame.decode(frame);
        String mismatch = mismatch(decoded);
        if (mismatch != null) {
            throw new AssertionFailedError(mismatch + "\nin " + decoded);
        }
    }

    /**
     * Asserts that the readable bytes of a buffer match.
     *
     * @param frame from its Ethernet header on; stays the caller's, with its indices
     * @throws AssertionError if it does not match
     */
    default void assertMatches(ByteBuf frame) {
        byte[] bytes = new byte[frame.readableBytes()];
        frame.getBytes(frame.readerIndex(), bytes);
        assertMatches(bytes);
    }
}
