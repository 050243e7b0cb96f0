package io.uk4j.net.pcap;

import io.uk4j.core.Clock;
import io.uk4j.core.WaitSource;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device around another that records what passes through it either way: what it hands to its owner, and what the inner
 * device accepts, in that order.
 *
 * <p>A frame is recorded as it passes here, once. One that the inner device is to cut into segments ({@link FrameBatch#gsoType})
 * is one long frame in the capture, and so is one that it has put together. A checksum that is left to a device is complete in
 * the capture, over the whole of a long frame, unless only a part of the frame is captured. A frame that the inner device
 * accepts and drops is in the capture all the same.
 *
 * <p>Times are those of the platform's monotonic clock, counted from the wall clock's time when this was made; all frames of one
 * call have the same. So they never go back, and do not follow a clock that somebody sets later.
 *
 * <p>The capture is written out at {@link #flush}, at {@link #arm}, and whenever 64 KiB have come together, by the loop itself:
 * a slow file makes a slow loop. Nothing is allocated for a frame. What the capture has no room for, or what cannot be written, ends
 * it for good, which is logged once; the frames pass as before, and are counted. Counters, labelled with the device: {@code
 * uk_pcap_frames_total}, which are in the file, and {@code uk_pcap_frames_missed_total}, which are not, by {@code reason}:
 * {@code full} or {@code write_failed}.
 *
 * <p>Ownership: neither keeps nor retains a buffer.
 *
 * <p>Thread rule: loop-owned, as every device.
 */
public final class TappedNetDevice implements NetDevice {
    private static final Logger LOG = LoggerFactory.getLogger(TappedNetDevice.class);

    private final NetDevice inner;
    private final Clock clock;
    private final PcapWriter capture;
    private final long wallFromNowNs;
    private final Counter written;
    private final Counter missedFull;
    private final Counter missedFailed;

    /** Where the record of each offered frame ends, while the inner device decides how many of them it takes. */
    private long[] ends = new long[FrameBatch.DEFAULT_FRAMES];

    /** How many frames the writer has gathered. */
    private int gathered;

    /** What counts the frames that pass after the end of the capture; the one of the two that says why it ended. */
    private Counter missed;

    private boolean recording = true;

    /**
     * Creates it.
     *
     * @param inner the device that does the work; closed with this
     * @param clock the platform's
     * @param counters where this counts
     * @param capture where the frames go; closed with this
     */
    public TappedNetDevice(NetDevice inner, Clock clock, Counters counters, PcapWriter capture) {
        this.inner = inner;
        this.clock = clock;
        this.capture = capture;
        wallFromNowNs = clock.wallNs() - clock.nowNs();
        Counters own = counters.with("device", inner.info().name());
        written = own.counter("uk_pcap_frames_total", "Frames that are in the capture.");
        missedFull = missed(own, "full");
        missedFailed = missed(own, "write_failed");
        missed = missedFull;
    }

    private static Counter missed(Counters counters, String reason) {
        return counters.with("reason", reason)
                .counter("uk_pcap_frames_missed_total", "Frames that passed and are not in the capture, by reason.");
    }

    @Override
    public NetDeviceInfo info() {
        return inner.info();
    }

    @Override
    public WaitSource source() {
        return inner.source();
    }

    @Override
    public int poll(FrameBatch into) {
        int before = into.frames();
        try {
            return inner.poll(into);
        } finally {
            // Those that came before a failure are the caller's, too.
            received(into, before);
        }
    }

    private void received(FrameBatch into, int before) {
        int count = into.frames() - before;
        int recorded = 0;
        if (recording && count > 0) {
            long timeNs = timeNs();
            while (recorded < count && capture.stage(timeNs, into, before + recorded)) {
                recorded++;
            }
        }
        passed(recorded, count);
    }

    @Override
    public int offer(FrameBatch from) {
        // The device releases what it accepts, so all is recorded before, and what it refuses is taken back.
        int count = from.frames();
        long begin = capture.bytes();
        int recorded = recording ? record(from, count) : 0;
        try {
            return inner.offer(from);
        } finally {
            int accepted = count - from.frames();
            int kept = Math.min(recorded, accepted);
            if (recording) {
                capture.rewind(kept == 0 ? begin : ends[kept - 1]);
            }
            passed(kept, accepted);
        }
    }

    private int record(FrameBatch from, int count) {
        if (count > ends.length) {
            ends = Arrays.copyOf(ends, count);
        }
        long timeNs = timeNs();
        int recorded = 0;
        while (recorded < count && capture.stage(timeNs, from, recorded)) {
            ends[recorded++] = capture.bytes();
        }
        return recorded;
    }

    private long timeNs() {
        return clock.nowNs() + wallFromNowNs;
    }

    /** Frames have passed, of which the first ones are recorded. */
    private void passed(int recorded, int count) {
        gathered += recorded;
        if (recorded < count) {
            countMissed(count - recorded);
        } else if (capture.isDue()) {
            writeOut();
        }
    }

    private void countMissed(int count) {
        if (recording) {
            writeOut();
        }
        // Writing may have failed, which then is the reason.
        if (recording) {
            recording = false;
            LOG.info("The capture {} of {} is full: it ends after {} frames", capture, info().name(), written.value());
        }
        missed.add(count);
    }

    private void writeOut() {
        if (gathered == 0) {
            return;
        }
        try {
            capture.flush();
            written.add(gathered);
        } catch (UncheckedIOException e) {
            recording = false;
            missed = missedFailed;
            missed.add(gathered);
            LOG.warn(
                    "The capture {} of {} cannot be written, and ends after {} frames: {}",
                    capture,
                    info().name(),
                    written.value(),
                    Objects.requireNonNull(e.getCause()).getMessage());
        }
        gathered = 0;
    }

    @Override
    public void flush() {
        inner.flush();
        writeOut();
    }

    @Override
    public boolean arm() {
        writeOut();
        return inner.arm();
    }

    @Override
    public long nextDeadlineNs() {
        return inner.nextDeadlineNs();
    }

    @Override
    public String describe() {
        String more = inner.describe();
        long lost = missedFull.value() + missedFailed.value();
        return more + (more.isEmpty() ? "" : "\n") + "captured into " + capture + ": " + written.value() + " frames"
                + (lost == 0 ? "" : ", and " + lost + " missed since it ended");
    }

    /** Ends the capture, and closes the inner device. Closing twice has no further effect. */
    @Override
    public void close() {
        writeOut();
        try {
            capture.close();
        } catch (UncheckedIOException e) {
            LOG.warn("The capture {} could not be closed", capture, e);
        } finally {
            inner.close();
        }
    }
}
