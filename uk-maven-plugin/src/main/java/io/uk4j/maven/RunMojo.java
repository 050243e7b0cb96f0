package io.uk4j.maven;

import io.uk4j.maven.machine.Machine;
import io.uk4j.maven.machine.PortForward;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.apache.maven.plugins.annotations.Execute;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.plugins.annotations.ResolutionScope;

/**
 * Boots the image under QEMU, with its console on the terminal, until it ends or Ctrl-C is pressed. Makes the image first unless it is current.
 * An appliance that asks for a restart is booted again.
 */
@Mojo(name = "run", requiresDependencyResolution = ResolutionScope.RUNTIME, threadSafe = true)
@Execute(phase = LifecyclePhase.PACKAGE)
@SuppressWarnings("NullAway.Init") // Maven sets the fields.
public final class RunMojo extends AbstractMachineMojo {
    private static final long GRACE_MS = 1500;
    private static final long LOOK_MS = 100;

    /** Skips this goal. */
    @Parameter(property = "uk.run.skip", defaultValue = "false")
    private boolean skip;

    /** Prints QEMU's command line, and does not run it. */
    @Parameter(property = "uk.run.dryRun", defaultValue = "false")
    private boolean dryRun;

    /** For Maven. */
    public RunMojo() {}

    @Override
    boolean skip() {
        return skip;
    }

    @Override
    void work() throws IOException, InterruptedException {
        Prepared prepared = prepare(!dryRun);
        String line = Machine.line(prepared.program(), prepared.options()).stream()
                .map(RunMojo::quote)
                .collect(Collectors.joining(" "));
        if (dryRun) {
            getLog().info(line);
            return;
        }
        getLog().debug(line);
        boot(prepared);
    }

    private void boot(Prepared prepared) throws IOException, InterruptedException {
        AtomicBoolean asked = new AtomicBoolean();
        long started = System.nanoTime();
        // The terminal itself, as a console is not log lines. It stays open: it is Maven's.
        @SuppressWarnings("resource")
        FileOutputStream terminal = new FileOutputStream(FileDescriptor.out);
        try (Interrupts interrupts = Interrupts.to(() -> asked.set(true));
                Machine booted = Machine.start(prepared.program(), prepared.options(), terminal, this::restarted)) {
            Optional<PortForward> first = prepared.first();
            AtomicBoolean ready = new AtomicBoolean();
            watch(booted, first, started, ready);
            while (!booted.awaitEnd(LOOK_MS) && !asked.get()) {
                if (readyTimeout > 0
                        && first.isPresent()
                        && !ready.get()
                        && System.nanoTime() - started > readyTimeout * 1_000_000_000L) {
                    throw late("The lines above are its console.");
                }
            }
            if (asked.get() && booted.isRunning()) {
                getLog().info("Stopping, as asked by " + interrupts.name());
                booted.pressPowerButton();
                if (!booted.awaitEnd(GRACE_MS)) {
                    getLog().info("It did not stop within " + GRACE_MS + " ms, and was switched off.");
                }
            } else if (!booted.isRunning() && booted.code() != 0) {
                throw ended(booted, "The lines above are its console.");
            }
        }
    }

    /** Says when the appliance answers. */
    private void watch(Machine booted, Optional<PortForward> first, long started, AtomicBoolean ready) {
        Thread watch = new Thread(
                () -> first.ifPresent(port -> {
                    try {
                        if (booted.awaitListening(port.host(), readyTimeout * 1000L)) {
                            ready.set(true);
                            ready(port, started, "Ctrl-C stops it.");
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }),
                "uk-ready");
        watch.setDaemon(true);
        watch.start();
    }

    private static String quote(String word) {
        return word.matches("[\\w@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + '\'';
    }
}
