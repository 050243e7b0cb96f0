package io.uk4j.example.keyvalue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** One client: its lines are answered one by one, in order. */
final class Session {
    private static final int BUFFER_BYTES = 4096;

    private final InputStream input;
    private final OutputStream output;
    private final Commands commands;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    Session(InputStream input, OutputStream output, Commands commands) {
        this.input = input;
        this.output = output;
        this.commands = commands;
    }

    /**
     * Serves until the client goes.
     *
     * @throws IOException if the connection breaks
     */
    void serve() throws IOException {
        for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
            for (int i = 0; i < count; i++) {
                if (buffer[i] == '\n') {
                    if (!answer()) {
                        return;
                    }
                } else if (line.size() == Commands.LINE_LIMIT) {
                    say("ERROR A line has " + Commands.LINE_LIMIT + " bytes at most");
                    return;
                } else {
                    line.write(buffer[i]);
                }
            }
        }
    }

    private boolean answer() throws IOException {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        String answer = commands.answer(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
        if (answer == null) {
            return false;
        }
        say(answer);
        return true;
    }

    private void say(String text) throws IOException {
        output.write((text + '\n').getBytes(StandardCharsets.UTF_8));
        output.flush();
    }
}
