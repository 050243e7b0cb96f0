package io.uk4j.example.hellohttp.http;

import java.io.IOException;

/** Content of a known length. */
final class FixedInput extends BodyInput {
    private final BufferedInput input;
    private long left;

    FixedInput(BufferedInput input, long length) {
        this.input = input;
        this.left = length;
    }

    @Override
    int readSome(byte[] target, int offset, int length) throws IOException {
        if (left == 0) {
            return -1;
        }
        int count = input.read(target, offset, (int) Math.min(length, left));
        if (count < 0) {
            throw ProtocolError.badRequest("The content ends " + left + " bytes early.");
        }
        left -= count;
        return count;
    }
}
