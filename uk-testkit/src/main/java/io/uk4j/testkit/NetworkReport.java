package io.uk4j.testkit;

import io.uk4j.net.pcap.PcapWriter;
import io.uk4j.platform.sim.FrameTap;
import io.uk4j.platform.sim.Simulation;
import io.uk4j.platform.sim.Wire;
import io.uk4j.platform.sim.WireDirection;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * Leaves what a person needs who looks into a failed network test: a capture of each wire in {@code
 * target/uk-reports/CLASS/METHOD/WIRE.pcap}, and the seed; the failure's message names both. A test that passes leaves
 * nothing.
 *
 * {@snippet :
 * @RegisterExtension
 * final NetworkReport report = new NetworkReport();
 *
 * Wire wire = report.watch(Wire.builder(report.watch(new Simulation(seed))).build(poolA, poolB));
 * }
 *
 * <p>Frames are kept in memory, the newest 16 MiB of each wire.
 *
 * <p>Thread rule: used by the thread that runs the test.
 */
public final class NetworkReport
        implements BeforeEachCallback, TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {
    private static final Path ROOT = Path.of("target", "uk-reports");
    private static final long KEPT_BYTES = 16L << 20;

    @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
    private record Frame(long timeNs, byte[] bytes) {}

    private static final class Recording implements FrameTap {
        final ArrayDeque<Frame> frames = new ArrayDeque<>();
        long bytes;

        @Override
        public void sent(long timeNs, WireDirection direction, byte[] frame) {
            frames.add(new Frame(timeNs, frame));
            bytes += frame.length;
            while (bytes > KEPT_BYTES) {
                bytes -= frames.remove().bytes.length;
            }
        }
    }

    private final Path root;
    private final Map<String, Recording> recordings = new LinkedHashMap<>();
    private @Nullable Simulation simulation;
    private boolean reported;

    /** Creates it, to be registered with {@code @RegisterExtension} on an instance field. */
    public NetworkReport() {
        this(ROOT);
    }

    NetworkReport(Path root) {
        this.root = root;
    }

    /**
     * Reports the seed of this simulation if the test fails.
     *
     * @param watched the simulation that the test runs
     * @return the same
     */
    public Simulation watch(Simulation watched) {
        simulation = watched;
        return watched;
    }

    /**
     * Records this wire, to be written if the test fails.
     *
     * @param wire a wire of the test
     * @return the same
     */
    public Wire watch(Wire wire) {
        Recording recording = new Recording();
        String end = wire.aToB().name();
        recordings.put(end.substring(0, end.length() - 2), recording);
        wire.tap(recording);
        return wire;
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        reported = false;
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw report(context, thrown);
    }

    @Override
    public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw report(context, thrown);
    }

    private Throwable report(ExtensionContext context, Throwable thrown) {
        if (reported || thrown instanceof TestAbortedException || (simulation == null && recordings.isEmpty())) {
            return thrown;
        }
        reported = true;
        StringBuilder message = new StringBuilder(String.valueOf(thrown.getMessage()));
        if (simulation != null) {
            message.append("\nseed: ").append(simulation.seed());
            message.append(", failed at ").append(simulation.nowNs()).append(" ns");
        }
        String method = context.getRequiredTestMethod().getName();
        String shown = context.getDisplayName();
        String test = shown.startsWith(method) ? method : method + "-" + shown.replaceAll("[^A-Za-z0-9._-]+", "_");
        Path directory = root.resolve(context.getRequiredTestClass().getName()).resolve(test);
        recordings.forEach((name, recording) -> {
            Path file = directory.resolve(name + ".pcap");
            try (PcapWriter writer = PcapWriter.to(file)) {
                recording.frames.forEach(frame -> writer.write(frame.timeNs, frame.bytes));
            }
            message.append("\ncapture: ").append(file);
        });
        return new AssertionFailedError(message.toString(), thrown);
    }
}
