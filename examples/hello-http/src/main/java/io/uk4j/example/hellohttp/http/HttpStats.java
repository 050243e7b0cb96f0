package io.uk4j.example.hellohttp.http;

import java.util.concurrent.atomic.LongAdder;

/**
 * What a server counts.
 *
 * <p>Thread rule: shared.
 */
public final class HttpStats {
    private final LongAdder connections = new LongAdder();
    private final LongAdder live = new LongAdder();
    private final LongAdder answered = new LongAdder();
    private final LongAdder refused = new LongAdder();

    /** Creates it with everything at 0. */
    public HttpStats() {}

    void opened() {
        connections.increment();
        live.increment();
    }

    void closed() {
        live.decrement();
    }

    void answered(int status) {
        (status < Status.BAD_REQUEST ? answered : refused).increment();
    }

    /** Connections since the start. */
    public long connections() {
        return connections.sum();
    }

    /** Connections open now. */
    public long live() {
        return live.sum();
    }

    /** Requests that were answered with success. */
    public long answered() {
        return answered.sum();
    }

    /** Requests that were answered with an error. */
    public long refused() {
        return refused.sum();
    }
}
