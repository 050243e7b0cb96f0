package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.io.InputStream;

/** A connection's input with one buffer for life. Before it blocks, what was answered so far is sent. */
final class BufferedInput {
    private final InputStream input;
    private final BufferedOutput answers;
    private final Patience patience;
    private final byte[] buffer;
    private int next;
    private int end;

    BufferedInput(InputStream input, int capacity, BufferedOutput answers, Patience patience) {
        this.input = input;
        this.answers = answers;
        this.patience = patience;
        this.buffer = new byte[capacity];
    }

    /** The next byte without taking it, or -1 at the end. */
    int peek() throws IOException {
        return next < end || fill() ? buffer[next] & 0xff : -1;
    }

    /** The next byte, or -1 at the end. */
    int read() throws IOException {
        return next < end || fill() ? buffer[next++] & 0xff : -1;
    }

    /** Some bytes, at least one and at most {@code length}, or -1 at the end. */
    int read(byte[] target, int offset, int length) throws IOException {
        if (next == end) {
            if (length >= buffer.length) {
                return readThrough(target, offset, length);
            }
            if (!fill()) {
                return -1;
            }
        }
        int count = Math.min(length, end - next);
        System.arraycopy(buffer, next, target, offset, count);
        next += count;
        return count;
    }

    private boolean fill() throws IOException {
        int count = readThrough(buffer, 0, buffer.length);
        next = 0;
        end = Math.max(count, 0);
        return count > 0;
    }

    private int readThrough(byte[] target, int offset, int length) throws IOException {
        answers.flush();
        patience.beforeRead();
        int count = input.read(target, offset, length);
        if (count > 0) {
            patience.received(count);
        }
        return count;
    }
}
