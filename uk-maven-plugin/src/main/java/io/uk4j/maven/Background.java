package io.uk4j.maven;

import io.uk4j.maven.AbstractMachineMojo.Prepared;
import io.uk4j.maven.machine.Machine;
import io.uk4j.maven.machine.MachineRecord;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.maven.execution.ExecutionListener;
import org.apache.maven.execution.MavenExecutionRequest;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.logging.Log;

/**
 * A machine that runs beside the build. It ends with uk:stop; else with the build, if that ends before; else with the process of Maven. So that another
 * Maven finds it meanwhile, it is written down.
 *
 * <p>Thread rule: for the thread of the build.
 */
final class Background implements AutoCloseable {
    private static final String KEY = "io.uk4j.machine:";
    private static final long GRACE_MS = 1500;

    private final Machine machine;
    private final MachineRecord record;
    private final OutputStream console;
    private final Outputs outputs;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Background(Machine machine, OutputStream console, Outputs outputs) {
        this.machine = machine;
        this.record = machine.toRecord();
        this.console = console;
        this.outputs = outputs;
    }

    /**
     * Makes sure that no machine of this image runs.
     *
     * @param outputs of the image
     * @param stop the command that ends one
     * @throws Problem if one does
     */
    static void refuseSecond(Outputs outputs, String stop) throws IOException {
        Optional<MachineRecord> found = MachineRecord.read(outputs.machine());
        if (found.isPresent()) {
            throw runs(found.get(), outputs, stop);
        }
    }

    private static Problem runs(MachineRecord found, Outputs outputs, String stop) {
        String who = found.isOurs()
                ? "this Maven"
                : "Maven " + found.mavenPid() + (found.hasMaven() ? ", which runs" : ", which is gone");
        return new Problem(
                ProblemCode.UK207,
                "A machine of " + outputs.name() + " runs already: process " + found.pid() + ", started by " + who
                        + '.',
                "Allowed: one beside a build, from uk:start to uk:stop (" + outputs.machine() + ").",
                stop + (found.isOurs() ? ", between the two uk:start" : ", which ends it"));
    }

    /** Starts one, whose console goes to a file. */
    static Background start(Prepared prepared, Outputs outputs, Runnable restarted, String stop) throws IOException {
        OutputStream console = Files.newOutputStream(outputs.console());
        Background background;
        try {
            background = new Background(
                    Machine.start(prepared.program(), prepared.options(), console, restarted), console, outputs);
        } catch (IOException | RuntimeException e) {
            console.close();
            throw e;
        }
        try {
            background.record.write(outputs.machine());
            return background;
        } catch (FileAlreadyExistsException e) {
            // Another Maven was quicker: the file is that one's.
            background.end();
            refuseSecond(outputs, stop);
            throw e;
        } catch (IOException | RuntimeException e) {
            background.close();
            throw e;
        }
    }

    Machine machine() {
        return machine;
    }

    /** Leaves it to a later goal of the same build, but not beyond the build's end. */
    void keep(Map<String, Object> context, MavenSession session, Log log) {
        context.put(KEY + outputs.image(), this);
        atEndOf(session, () -> {
            if (!closed.get()) {
                log.warn("The machine of " + outputs.name()
                        + " ends with the build: uk:stop, which belongs to post-integration-test, did not run.");
                try (this) {
                    machine.pressPowerButton();
                    machine.awaitEnd(GRACE_MS);
                } catch (IOException e) {
                    log.debug(e);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        });
    }

    /** The one that an earlier goal of the same build has left, if there is one. */
    static Optional<Background> take(Map<String, Object> context, Outputs outputs) {
        return context.remove(KEY + outputs.image()) instanceof Background kept ? Optional.of(kept) : Optional.empty();
    }

    /**
     * Ends it.
     *
     * @throws Problem if it had ended before, or ends with a failure
     */
    void stop(long limitMs, Log log) throws IOException, InterruptedException {
        long started = System.nanoTime();
        boolean early = !machine.isRunning();
        try {
            if (!early && !machine.pressPowerButton()) {
                log.info("A machine of this kind has no power button, so it is switched off.");
                return;
            }
        } catch (IOException e) {
            // It may have ended just now; if not, the time will be over.
            log.debug(e);
        }
        if (!machine.awaitEnd(limitMs)) {
            log.warn("The appliance did not stop within " + limitMs / 1000
                    + " s (uk.stop.timeout), and was switched off. " + ConsoleFile.end(outputs.console()));
        } else if (machine.code() != 0) {
            throw AbstractMachineMojo.ended(machine, ConsoleFile.end(outputs.console()));
        } else if (early) {
            log.warn("The appliance had ended before it was asked to. " + ConsoleFile.end(outputs.console()));
        } else {
            log.info(String.format(Locale.ROOT, "Stopped after %.1f s.", (System.nanoTime() - started) / 1e9));
        }
    }

    @Override
    public void close() throws IOException {
        end();
        record.delete(outputs.machine());
    }

    private void end() throws IOException {
        if (!closed.getAndSet(true)) {
            machine.close();
            console.close();
        }
    }

    /** Maven tells one listener, so ours stands before it. */
    @SuppressWarnings("ReferenceEquality") // A proxy is equal to itself alone.
    private static void atEndOf(MavenSession session, Runnable action) {
        MavenExecutionRequest request = session.getRequest();
        // Modules may be built side by side.
        synchronized (request) {
            ExecutionListener next = request.getExecutionListener();
            InvocationHandler both = (proxy, method, arguments) -> {
                if (method.getDeclaringClass() == Object.class) {
                    return switch (method.getName()) {
                        case "equals" -> proxy == arguments[0];
                        case "hashCode" -> System.identityHashCode(proxy);
                        default -> "ends machines before " + next;
                    };
                }
                if (method.getName().equals("sessionEnded")) {
                    action.run();
                }
                try {
                    return next == null ? null : method.invoke(next, arguments);
                } catch (InvocationTargetException e) {
                    throw e.getTargetException();
                }
            };
            request.setExecutionListener((ExecutionListener) Proxy.newProxyInstance(
                    Background.class.getClassLoader(), new Class<?>[] {ExecutionListener.class}, both));
        }
    }
}
