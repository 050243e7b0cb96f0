package io.uk4j.system;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** One connection to a server, used the way a test wants: kept, left in the middle, or reset. */
final class HttpClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Socket socket;
    private final InputStream input;

    /** Connects. No step of it, and none later, waits for longer than half a minute. */
    HttpClient(Socket socket, InetSocketAddress server) throws IOException {
        this.socket = socket;
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.setTcpNoDelay(true);
        socket.connect(server, (int) PATIENCE.toMillis());
        input = new BufferedInputStream(socket.getInputStream(), 16 * 1024);
    }

    /** An answer as it came. */
    record Answer(int status, String text) {}

    /** Asks for a path, and waits for the whole answer. */
    Answer get(String path) throws IOException {
        send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
        return receive();
    }

    /** Asks for a path, and waits for the answer and the end of the connection, which the server shall begin. */
    Answer getAsTheLast(String path) throws IOException {
        send("GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        Answer answer = receive();
        if (input.read() >= 0) {
            throw new ProtocolException("The server sends more than it announced.");
        }
        return answer;
    }

    /** Sends bytes of a request. */
    void send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Waits for a whole answer. */
    Answer receive() throws IOException {
        String statusLine = line();
        int length = -1;
        for (String field = line(); !field.isEmpty(); field = line()) {
            if (field.startsWith("Content-Length: ")) {
                length = Integer.parseInt(field.substring("Content-Length: ".length()));
            }
        }
        if (!statusLine.startsWith("HTTP/1.1 ") || length < 0) {
            throw new ProtocolException("Not an answer of known length: " + statusLine);
        }
        String text = new String(bytes(length), StandardCharsets.UTF_8);
        return new Answer(Integer.parseInt(statusLine.substring(9, 12)), text);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = input.read(); next != '\n'; next = input.read()) {
            if (next < 0) {
                throw new ProtocolException("The connection ended in the middle of: " + line);
            }
            line.append((char) next);
        }
        return line.toString().strip();
    }

    /** Waits for that many bytes of whatever is sent. */
    byte[] bytes(int count) throws IOException {
        byte[] bytes = input.readNBytes(count);
        if (bytes.length < count) {
            throw new ProtocolException("The connection ended after " + bytes.length + " of " + count + " bytes.");
        }
        return bytes;
    }

    /** Kills the connection: the server gets a reset, whatever is under way. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
