package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** A connection's output with one buffer for life. Large writes go past it. */
final class BufferedOutput {
    private final OutputStream output;
    private final byte[] buffer;
    private int size;

    BufferedOutput(OutputStream output, int capacity) {
        this.output = output;
        this.buffer = new byte[capacity];
    }

    void write(byte[] source, int offset, int length) throws IOException {
        if (length > buffer.length - size) {
            flush();
        }
        if (length >= buffer.length / 2) {
            flush();
            output.write(source, offset, length);
        } else {
            System.arraycopy(source, offset, buffer, size, length);
            size += length;
        }
    }

    void write(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        write(bytes, 0, bytes.length);
    }

    void flush() throws IOException {
        if (size > 0) {
            int count = size;
            size = 0;
            output.write(buffer, 0, count);
            output.flush();
        }
    }
}
