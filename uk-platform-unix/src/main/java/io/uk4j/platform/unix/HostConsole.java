package io.uk4j.platform.unix;

import io.uk4j.core.Console;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Standard output, and the terminal's wish to stop. */
final class HostConsole implements Console, AutoCloseable {
    private final OutputStream output;
    private @Nullable StopSignals signals;

    HostConsole(OutputStream output) {
        this.output = output;
    }

    @Override
    public void write(CharSequence text) {
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        synchronized (output) {
            try {
                output.write(bytes);
                output.flush();
            } catch (IOException _) {
                // Nobody reads any more (a closed pipe, say): that must not stop the appliance.
            }
        }
    }

    @Override
    public synchronized void onStopRequest(Runnable action) {
        if (signals == null) {
            signals = StopSignals.install(action);
        } else {
            signals.action(action);
        }
    }

    @Override
    public synchronized void close() {
        if (signals != null) {
            signals.close();
            signals = null;
        }
    }
}
