package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Takes lines from a connection. A line ends in CRLF and in nothing else: where two implementations differ about a bare CR
 * or LF, requests can be smuggled from one to the other (RFC 9112, sections 2.2 and 11.2).
 */
final class LineReader {
    private final BufferedInput input;
    private final byte[] line;
    private int length;

    LineReader(BufferedInput input, int capacity) {
        this.input = input;
        this.line = new byte[capacity];
    }

    /**
     * Takes a line.
     *
     * @param limitBytes how long it may be without its CRLF; the capacity limits it too
     * @return false if it is longer: its beginning is in {@link #text()}, and the rest was not taken
     * @throws ProtocolError if the input ends before the line does, or on a control character
     */
    boolean tryRead(int limitBytes) throws IOException {
        length = 0;
        while (true) {
            int c = input.read();
            if (c == '\r') {
                if (input.read() != '\n') {
                    throw ProtocolError.badRequest("A CR without LF.");
                }
                return true;
            }
            if (c < 0) {
                throw ProtocolError.badRequest("The request ends in its middle.");
            }
            if ((c < ' ' && c != '\t') || c == 0x7f) {
                throw ProtocolError.badRequest(
                        c == '\n' ? "A line that ends in LF; lines end in CRLF." : "A control character.");
            }
            if (length == limitBytes || length == line.length) {
                return false;
            }
            line[length++] = (byte) c;
        }
    }

    /** The line, each octet as one character. */
    String text() {
        return new String(line, 0, length, StandardCharsets.ISO_8859_1);
    }

    int length() {
        return length;
    }
}
