package io.uk4j.platform.sim;

/**
 * Sees the frames of a {@link Wire}: a capture, or the assertions of a test.
 *
 * <p>Each call gets a copy of the frame that is the callee's to keep. A checksum that was left to the device is complete
 * in the copy, so that what a tap sees is what a cable would carry.
 *
 * <p>Thread rule: called on the thread of the simulation.
 */
@FunctionalInterface
public interface FrameTap {
    /**
     * An end sent a frame, whatever becomes of it.
     *
     * @param timeNs the virtual time
     * @param direction which way it goes
     * @param frame the frame, from its Ethernet header on
     */
    void sent(long timeNs, WireDirection direction, byte[] frame);

    /**
     * A frame arrived, after loss, corruption and the way.
     *
     * @param timeNs the virtual time
     * @param direction which way it went
     * @param frame the frame, from its Ethernet header on
     */
    default void delivered(long timeNs, WireDirection direction, byte[] frame) {}
}
