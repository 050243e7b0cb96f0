package io.uk4j.maven.machine;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;

/** A conversation with QEMU's monitor (docs/interop/qmp-spec). */
final class Monitor implements AutoCloseable {
    private static final ObjectMapper MAPPER =
            new ObjectMapper(new JsonFactory().disable(JsonParser.Feature.AUTO_CLOSE_SOURCE));

    private final SocketChannel channel;
    private final JsonParser parser;

    /**
     * Begins one. QEMU has one at a time; another waits.
     *
     * @throws IOException if QEMU does not listen
     */
    Monitor(Path socket) throws IOException {
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            parser = MAPPER.createParser(Channels.newInputStream(channel));
            read();
            execute("qmp_capabilities", Map.of());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Has QEMU do something.
     *
     * @return its answer
     * @throws IOException if it refuses, or is gone
     */
    JsonNode execute(String command, Map<String, String> arguments) throws IOException {
        byte[] line = MAPPER.writeValueAsBytes(Map.of("execute", command, "arguments", arguments));
        ByteBuffer bytes = ByteBuffer.wrap(line);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        while (true) {
            JsonNode answer = read();
            if (answer.has("error")) {
                throw new IOException(command + ": " + answer.get("error"));
            }
            if (answer.has("return")) {
                return answer.get("return");
            }
        }
    }

    /** What a person's command of the monitor says. */
    String human(String command) throws IOException {
        return execute("human-monitor-command", Map.of("command-line", command)).asText();
    }

    /**
     * Waits for what QEMU tells by itself.
     *
     * @return the next event, with its name as {@code event}
     * @throws IOException if QEMU has ended
     */
    JsonNode nextEvent() throws IOException {
        JsonNode node = read();
        while (!node.has("event")) {
            node = read();
        }
        return node;
    }

    private JsonNode read() throws IOException {
        JsonNode node = MAPPER.readTree(parser);
        if (node == null) {
            throw new IOException("QEMU has ended.");
        }
        return node;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
