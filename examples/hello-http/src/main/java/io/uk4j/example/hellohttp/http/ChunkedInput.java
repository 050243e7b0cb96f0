package io.uk4j.example.hellohttp.http;

import java.io.IOException;

/** Content in chunks (RFC 9112, section 7.1). Extensions and the trailer are checked and dropped. */
final class ChunkedInput extends BodyInput {
    /** More hexadecimal digits than this could overflow the sums below. */
    private static final int SIZE_DIGITS = 15;

    private static final int LINE_BYTES = 1024;

    private final BufferedInput input;
    private final LineReader lines;
    private final FieldParser trailer;
    private final long limitBytes;
    private long total;
    private long leftInChunk;
    private int extensionBytesLeft;
    private boolean inChunk;
    private boolean ended;

    ChunkedInput(BufferedInput input, LineReader lines, Limits limits) {
        this.input = input;
        this.lines = lines;
        this.trailer = new FieldParser(lines, limits);
        this.limitBytes = limits.bodyBytes();
        this.extensionBytesLeft = limits.chunkExtensionBytes();
    }

    @Override
    int readSome(byte[] target, int offset, int length) throws IOException {
        if (leftInChunk == 0 && !ended) {
            nextChunk();
        }
        if (ended) {
            return -1;
        }
        int count = input.read(target, offset, (int) Math.min(length, leftInChunk));
        if (count < 0) {
            throw ProtocolError.badRequest("The content ends in the middle of a chunk.");
        }
        leftInChunk -= count;
        return count;
    }

    private void nextChunk() throws IOException {
        if (inChunk && (input.read() != '\r' || input.read() != '\n')) {
            throw ProtocolError.badRequest("A chunk that is longer than its size.");
        }
        if (!lines.tryRead(LINE_BYTES)) {
            throw ProtocolError.badRequest("The line of a chunk's size is too long.");
        }
        long size = parseSize(lines.text());
        total += size;
        if (total > limitBytes) {
            throw Framing.tooLarge(limitBytes);
        }
        leftInChunk = size;
        inChunk = true;
        if (size == 0) {
            trailer.parse();
            ended = true;
        }
    }

    private long parseSize(String line) {
        long size = 0;
        int digits = 0;
        while (digits < line.length() && Chars.hexValue(line.charAt(digits)) >= 0) {
            if (digits == SIZE_DIGITS) {
                throw ProtocolError.badRequest("A chunk size of too many digits.");
            }
            size = size << 4 | Chars.hexValue(line.charAt(digits++));
        }
        if (digits == 0) {
            throw ProtocolError.badRequest("A chunk without size.");
        }
        int extension = digits;
        while (extension < line.length() && Chars.isBlank(line.charAt(extension))) {
            extension++;
        }
        boolean plain = digits == line.length();
        if (!plain && (extension == line.length() || line.charAt(extension) != ';')) {
            throw ProtocolError.badRequest("A chunk size that is not a hexadecimal number.");
        }
        extensionBytesLeft -= line.length() - digits;
        if (extensionBytesLeft < 0) {
            throw ProtocolError.badRequest("Too many chunk extensions.");
        }
        return size;
    }
}
