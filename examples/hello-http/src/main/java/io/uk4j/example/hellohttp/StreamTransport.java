package io.uk4j.example.hellohttp;

import io.uk4j.example.hellohttp.http.Transport;
import io.uk4j.net.tcpip.TcpException;
import io.uk4j.net.tcpip.TcpStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/** A stream of the stack, as the HTTP server knows connections. */
record StreamTransport(TcpStream stream) implements Transport {
    @Override
    public InputStream input() {
        return stream.input();
    }

    @Override
    public OutputStream output() {
        return stream.output();
    }

    @Override
    public void readTimeoutNs(long timeoutNs) {
        stream.readTimeout(Duration.ofNanos(timeoutNs));
    }

    @Override
    public void shutdownOutput() throws IOException {
        try {
            stream.shutdownOutput();
        } catch (TcpException e) {
            throw new IOException(e);
        }
    }
}
