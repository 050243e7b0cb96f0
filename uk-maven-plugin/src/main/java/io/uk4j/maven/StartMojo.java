package io.uk4j.maven;

import io.uk4j.maven.machine.Machine;
import io.uk4j.maven.machine.PortForward;
import java.io.IOException;
import java.util.Optional;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.plugins.annotations.ResolutionScope;

/**
 * Boots the image under QEMU beside the build, and returns when the appliance answers on its first forwarded TCP port: for the tests that come
 * after it, until uk:stop. Makes the image first unless it is current. The parameters of its machine are those of uk:run, with the same properties.
 * The machine ends with this Maven at the latest.
 */
@Mojo(
        name = "start",
        defaultPhase = LifecyclePhase.PRE_INTEGRATION_TEST,
        requiresDependencyResolution = ResolutionScope.RUNTIME,
        threadSafe = true)
public final class StartMojo extends AbstractMachineMojo {
    /** Skips this goal. */
    @Parameter(property = "uk.start.skip", defaultValue = "false")
    private boolean skip;

    /** For Maven. */
    public StartMojo() {}

    @Override
    boolean skip() {
        return skip;
    }

    @Override
    void work() throws IOException, InterruptedException {
        Background.refuseSecond(outputs(), command("stop"));
        Prepared prepared = prepare(true);
        // Making the image may have taken minutes.
        Background.refuseSecond(outputs(), command("stop"));
        long started = System.nanoTime();
        Background background = Background.start(prepared, outputs(), this::restarted, command("stop"));
        boolean good = false;
        try {
            Optional<PortForward> first = prepared.first();
            if (first.isEmpty() || readyTimeout == 0) {
                getLog().info("Booted. When it is ready is for the tests to find out: "
                        + (readyTimeout == 0 ? "readyTimeout is 0." : "no TCP port is forwarded.")
                        + " Its console: " + outputs().console());
            } else {
                awaitReady(background.machine(), first.get(), started);
            }
            background.keep(context(), session, getLog());
            good = true;
        } finally {
            if (!good) {
                background.close();
            }
        }
    }

    private void awaitReady(Machine machine, PortForward first, long started) throws IOException, InterruptedException {
        if (machine.awaitListening(first.host(), readyTimeout * 1000L)) {
            ready(first, started, "Its console: " + outputs().console());
        } else if (machine.isRunning()) {
            throw late(ConsoleFile.end(outputs().console()));
        } else {
            machine.awaitEnd(0);
            throw ended(machine, ConsoleFile.end(outputs().console()));
        }
    }
}
