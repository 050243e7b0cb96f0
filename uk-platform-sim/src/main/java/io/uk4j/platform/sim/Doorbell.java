package io.uk4j.platform.sim;

import io.uk4j.core.SignalSource;

/** What one end of a wire waits for, and the source by which it is told. */
final class Doorbell {
    private final SignalSource source = new SignalSource();
    private boolean framesWanted;
    private boolean roomWanted;

    SignalSource source() {
        return source;
    }

    /** Rings at the next frame and, if so wanted, at the next room; then no more until asked again. */
    void arm(boolean forRoom) {
        framesWanted = true;
        roomWanted = forRoom;
    }

    /** A frame has arrived at this end. */
    void frames() {
        if (framesWanted) {
            ring();
        }
    }

    /** This end's queue has room again. */
    void room() {
        if (roomWanted) {
            ring();
        }
    }

    private void ring() {
        framesWanted = false;
        roomWanted = false;
        source.signal();
    }
}
