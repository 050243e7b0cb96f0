package io.uk4j.maven;

import io.uk4j.maven.machine.MachineRecord;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.util.Optional;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;

/**
 * Ends the machine that uk:start booted, by its power button, and fails if the appliance did not end well. Without one there is nothing to do. One
 * that does not stop in time is switched off, with a warning. On the command line it also ends one that another Maven started or left over.
 */
@Mojo(name = "stop", defaultPhase = LifecyclePhase.POST_INTEGRATION_TEST, threadSafe = true)
public final class StopMojo extends AbstractUkMojo {
    private static final int LONGEST_SECONDS = 3600;

    /** Skips this goal. */
    @Parameter(property = "uk.stop.skip", defaultValue = "false")
    private boolean skip;

    /** How many seconds the appliance may take to stop in order; then it is switched off. An appliance gives itself 10. */
    @Parameter(property = "uk.stop.timeout", defaultValue = "15")
    private int timeout;

    /** For Maven. */
    public StopMojo() {}

    @Override
    boolean skip() {
        return skip;
    }

    @Override
    void work() throws IOException, InterruptedException {
        if (timeout < 0 || timeout > LONGEST_SECONDS) {
            throw new Problem(
                    ProblemCode.UK103,
                    "uk.stop.timeout=" + timeout + " cannot be.",
                    "Allowed: 0 to " + LONGEST_SECONDS + " seconds.",
                    "-Duk.stop.timeout=15");
        }
        Optional<Background> ours = Background.take(context(), outputs());
        if (ours.isPresent()) {
            try (Background background = ours.get()) {
                background.stop(timeout * 1000L, getLog());
            }
            return;
        }
        Optional<MachineRecord> other = MachineRecord.read(outputs().machine());
        if (other.isEmpty()) {
            getLog().info("No machine of " + outputs().name() + " runs.");
            return;
        }
        getLog().info("Machine " + other.get().pid() + " was started by Maven "
                + other.get().mavenPid() + (other.get().hasMaven() ? ", which runs." : ", which is gone."));
        if (other.get().hasMaven() && !isFromCommandLine()) {
            getLog().warn("It is left to that one: uk:stop on the command line ends it all the same.");
            return;
        }
        boolean inOrder = other.get().end(timeout * 1000L);
        // Whose machine has ended is forgotten when it is read.
        MachineRecord.read(outputs().machine());
        getLog().info(
                        inOrder
                                ? "It stopped."
                                : "It did not stop in order within " + timeout + " s, and was switched off.");
    }
}
