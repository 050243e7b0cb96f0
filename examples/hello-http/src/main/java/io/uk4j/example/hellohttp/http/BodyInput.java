package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** A request's content as a stream. What a handler leaves is drained by the connection, or the connection ends. */
abstract class BodyInput extends InputStream {
    /** What to do when the content is asked for, such as telling the client to send it. */
    @FunctionalInterface
    interface FirstRead {
        void run() throws IOException;
    }

    private final byte[] single = new byte[1];
    private @Nullable FirstRead firstRead;

    final void onFirstRead(FirstRead action) {
        firstRead = action;
    }

    /** Whether the client waits for a word that was not given yet. */
    final boolean isUnasked() {
        return firstRead != null;
    }

    /** At least one byte of content, or -1 at its end. */
    abstract int readSome(byte[] target, int offset, int length) throws IOException;

    @Override
    public final int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        FirstRead action = firstRead;
        if (action != null) {
            firstRead = null;
            action.run();
        }
        return readSome(target, offset, length);
    }

    @Override
    public final int read() throws IOException {
        return read(single, 0, 1) < 0 ? -1 : single[0] & 0xff;
    }

    /** Reads on to the end, but no more than {@code limitBytes}. Returns whether it came to the end. */
    final boolean drain(byte[] scratch, long limitBytes) throws IOException {
        long left = limitBytes;
        while (left >= 0) {
            int count = read(scratch, 0, scratch.length);
            if (count < 0) {
                return true;
            }
            left -= count;
        }
        return false;
    }
}
