package io.uk4j.net.tcpip;

import java.io.IOException;
import java.io.OutputStream;

/** The writing side of a stream, for code that knows {@code java.io}. */
final class StreamOutput extends OutputStream {
    private final TcpStream stream;

    StreamOutput(TcpStream stream) {
        this.stream = stream;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        try {
            stream.write(source, offset, length);
        } catch (TcpException e) {
            throw StreamInput.asIoException(e);
        }
    }

    @Override
    public void close() {
        stream.close();
    }
}
