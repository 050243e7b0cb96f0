package io.uk4j.virtio.driver;

import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.virtio.transport.Interrupt;

/** An interrupt as a platform delivers it: a message, or a line that is level-triggered or edge-triggered. */
final class ModelInterrupt implements Interrupt {
    private final SignalSource source = new SignalSource();
    private final boolean level;
    private boolean asserted;
    private boolean masked;
    private long count;

    ModelInterrupt(boolean level) {
        this.level = level;
    }

    /** A message has come. */
    void fire() {
        count++;
        source.signal();
    }

    /** The line is asserted or not. */
    void assertLine(boolean now) {
        boolean edge = now && !asserted;
        asserted = now;
        if (level) {
            deliver();
        } else if (edge) {
            fire();
        }
    }

    private void deliver() {
        if (asserted && !masked) {
            masked = true;
            fire();
        }
    }

    @Override
    public WaitSource source() {
        return source;
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public void unmask() {
        masked = false;
        if (level) {
            deliver();
        }
    }
}
