package io.uk4j.net.tcpip;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;

/** The reading side of a stream, for code that knows {@code java.io}. */
final class StreamInput extends InputStream {
    private final TcpStream stream;

    StreamInput(TcpStream stream) {
        this.stream = stream;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        try {
            return stream.read(target, offset, length);
        } catch (TcpException e) {
            throw asIoException(e);
        }
    }

    @Override
    public void close() {
        stream.close();
    }

    static IOException asIoException(TcpException e) {
        IOException translated = switch (e.condition()) {
            case TIMED_OUT -> new SocketTimeoutException(e.getMessage());
            case INTERRUPTED -> new InterruptedIOException(e.getMessage());
            default -> new IOException(e.getMessage());
        };
        translated.initCause(e);
        return translated;
    }
}
