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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A conversation with QEMU's monitor (docs/interop/qmp-spec). */
final class Monitor implements AutoCloseable {
    private static final ObjectMapper MAPPER =
            new ObjectMapper(new JsonFactory().disable(JsonParser.Feature.AUTO_CLOSE_SOURCE));

    private static final long PATIENCE_S = 5;

    private final SocketChannel channel;
    private final JsonParser parser;

    /** What ends a conversation in which QEMU does not answer, as where it was stopped. */
    private final CompletableFuture<Void> limit;

    /**
     * Begins a short conversation, which is broken off after {@value #PATIENCE_S} seconds. QEMU has one at a time; another waits.
     *
     * @throws IOException if QEMU does not listen or answer
     */
    static Monitor ask(Path socket) throws IOException {
        return new Monitor(socket, new CompletableFuture<Void>().completeOnTimeout(null, PATIENCE_S, TimeUnit.SECONDS));
    }

    /**
     * Begins one that lasts as long as QEMU.
     *
     * @throws IOException if QEMU does not listen
     */
    static Monitor listen(Path socket) throws IOException {
        return new Monitor(socket, new CompletableFuture<>());
    }

    private Monitor(Path socket, CompletableFuture<Void> limit) throws IOException {
        this.limit = limit;
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            CompletableFuture<Void> unused = limit.thenRun(this::breakOff);
            channel.connect(UnixDomainSocketAddress.of(socket));
            parser = MAPPER.createParser(Channels.newInputStream(channel));
            read();
            execute("qmp_capabilities", Map.of());
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private void breakOff() {
        try {
            channel.close();
        } catch (IOException e) {
            return; // It is closed all the same.
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
        limit.cancel(false);
        channel.close();
    }
}
