package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.function.LongSupplier;

/**
 * How much longer a client may take. A limit for each read alone would let one byte a minute hold a connection for ever,
 * so time is granted for a whole step, and in a body every byte that arrives earns a little more.
 */
final class Patience {
    private final Transport transport;
    private final LongSupplier nowNs;
    private long deadlineNs;
    private long grantedNs;
    private long earnedPerByteNs;

    Patience(Transport transport, LongSupplier nowNs) {
        this.transport = transport;
        this.nowNs = nowNs;
    }

    /** From now on, {@code ns} for all reads together. */
    void grant(long ns) {
        grant(ns, 0);
    }

    /** From now on {@code ns}, refilled by {@code perByteNs} for every byte up to the same {@code ns}. */
    void grant(long ns, long perByteNs) {
        grantedNs = ns;
        earnedPerByteNs = perByteNs;
        deadlineNs = nowNs.getAsLong() + ns;
    }

    void beforeRead() throws IOException {
        long leftNs = deadlineNs - nowNs.getAsLong();
        if (leftNs <= 0) {
            throw new SocketTimeoutException("The client takes too long.");
        }
        transport.readTimeoutNs(leftNs);
    }

    void received(int bytes) {
        if (earnedPerByteNs > 0) {
            long full = nowNs.getAsLong() + grantedNs;
            long earned = deadlineNs + bytes * earnedPerByteNs;
            deadlineNs = earned - full < 0 ? earned : full;
        }
    }
}
