package io.uk4j.example.inetd;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.net.tcpip.UdpHandler;
import io.uk4j.net.tcpip.UdpSocket;

/**
 * Answers datagrams. A datagram from a port under 1,024 gets no answer: it comes from another such service, in the name of
 * which somebody wants two hosts to talk to each other for ever.
 */
final class Datagrams implements UdpHandler {
    private static final int FIRST_CLIENT_PORT = 1024;

    /** Writes an answer. */
    @FunctionalInterface
    interface Answer {
        /**
         * Writes the answer to a datagram.
         *
         * @param answer where to, with room for as many bytes as were announced
         * @param data the datagram's buffer, on loan
         * @param offset index of its first byte
         * @param length how many bytes it has
         */
        void write(ByteBuf answer, ByteBuf data, int offset, int length);
    }

    private final BufferPool pool;
    private final int answerBytes;
    private final Answer answer;
    private final Counter received;
    private final Counter answered;
    private final Counter refused;
    private final Counter dropped;

    /**
     * Creates it.
     *
     * @param pool where answers come from
     * @param answerBytes how long an answer may be, or 0 if it is as long as the datagram
     * @param answer writes it
     * @param counters labelled with the service
     */
    Datagrams(BufferPool pool, int answerBytes, Answer answer, Counters counters) {
        this.pool = pool;
        this.answerBytes = answerBytes;
        this.answer = answer;
        received = counters.counter("inetd_datagrams_received_total", "Datagrams received");
        answered = counters.counter("inetd_datagrams_answered_total", "Datagrams answered");
        refused = counters.counter("inetd_datagrams_refused_total", "Datagrams from ports of other such services");
        dropped = counters.counter("inetd_datagrams_dropped_total", "Datagrams without answer for lack of a buffer");
    }

    @Override
    public void onDatagram(UdpSocket socket, int source, int sourcePort, ByteBuf data, int offset, int length) {
        received.increment();
        if (sourcePort < FIRST_CLIENT_PORT) {
            refused.increment();
            return;
        }
        int bytes = answerBytes == 0 ? length : answerBytes;
        // A buffer of the pool has room for 1 byte or more, and an answer may have none.
        ByteBuf buffer = bytes > pool.maxBytes() ? null : pool.tryAcquire(Math.max(bytes, 1));
        if (buffer == null) {
            dropped.increment();
            return;
        }
        answer.write(buffer, data, offset, length);
        if (socket.send(source, sourcePort, buffer)) {
            answered.increment();
        } else {
            dropped.increment();
        }
    }
}
