package io.uk4j.platform.kvm;

import io.uk4j.core.Console;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The boot layer's serial console, and the power button. */
final class BootConsole implements Console {
    private final OutputStream output;
    private final @Nullable PowerButton button;

    /**
     * Creates it.
     *
     * @param output where text goes
     * @param button null where the machine has none
     */
    BootConsole(OutputStream output, @Nullable PowerButton button) {
        this.output = output;
        this.button = button;
    }

    @Override
    public void write(CharSequence text) {
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        synchronized (output) {
            try {
                output.write(bytes);
                output.flush();
            } catch (IOException _) {
                // A console that cannot be written to must not stop the appliance.
            }
        }
    }

    @Override
    public void onStopRequest(Runnable action) {
        if (button != null) {
            button.onPress(action);
        }
    }
}
