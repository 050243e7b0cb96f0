package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The answer to one request. Its length is always known before its first byte, so a body of any size is streamed without
 * being held in memory.
 *
 * <p>Thread rule: used by the handler, during its call.
 */
public final class Response {
    private final BufferedOutput output;
    private final HttpDate date;
    private final boolean headOnly;
    private final StringBuilder fields = new StringBuilder();
    private boolean keepAlive;
    private int status;
    private long left;

    Response(BufferedOutput output, HttpDate date, boolean headOnly, boolean keepAlive) {
        this.output = output;
        this.date = date;
        this.headOnly = headOnly;
        this.keepAlive = keepAlive;
    }

    /**
     * Adds a field to the header, before the answer is begun.
     *
     * @param name a token
     * @param value without control characters
     */
    public Response header(String name, String value) {
        if (!Chars.isToken(name) || !value.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            throw new IllegalArgumentException("Not a header field: " + name);
        }
        fields.append(name).append(": ").append(value).append("\r\n");
        return this;
    }

    /**
     * Answers with a text.
     *
     * @param code the status code
     * @param type the media type, such as {@code text/plain; charset=utf-8}
     * @param text the content, sent as UTF-8
     * @throws IOException if the connection is gone
     */
    public void send(int code, String type, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        begin(code, type, bytes.length).write(bytes);
    }

    /**
     * Begins an answer with content of known length.
     *
     * @param code the status code
     * @param type the media type
     * @param length how many bytes the handler is going to write, 0 or more
     * @return where to write them. Nothing that is written there is sent if the request was HEAD; see {@link #wantsBody}
     * @throws IOException if the connection is gone
     */
    public OutputStream begin(int code, String type, long length) throws IOException {
        if (status != 0) {
            throw new IllegalStateException("This request has been answered with " + status + " already.");
        }
        status = code;
        left = headOnly ? 0 : length;
        output.write("HTTP/1.1 " + code + " " + Status.phrase(code) + "\r\nDate: " + date.now() + "\r\nContent-Type: "
                + type + "\r\nContent-Length: " + length + "\r\n" + (keepAlive ? "" : "Connection: close\r\n") + fields
                + "\r\n");
        return new Body();
    }

    /** Whether content that is written gets sent: not if the request was HEAD. */
    public boolean wantsBody() {
        return !headOnly;
    }

    /** Lets the connection end after this answer; says so if it is not begun yet. */
    void close() {
        keepAlive = false;
    }

    boolean keepAlive() {
        return keepAlive;
    }

    /** The status code, or 0 before {@link #begin}. */
    int status() {
        return status;
    }

    boolean isComplete() {
        return status != 0 && left == 0;
    }

    private final class Body extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] source, int offset, int length) throws IOException {
            if (headOnly) {
                return;
            }
            if (length > left) {
                throw new IllegalStateException(
                        "More content than the " + left + " bytes left of the announced length.");
            }
            output.write(source, offset, length);
            left -= length;
        }

        @Override
        public void flush() throws IOException {
            output.flush();
        }
    }
}
