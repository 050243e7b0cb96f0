package io.uk4j.virtio.driver;

import io.uk4j.core.Clock;
import io.uk4j.core.DeviceException;
import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioException.Violation;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.queue.DeviceQueue;
import io.uk4j.virtio.queue.QueueAreas;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A transport to a model of a device in the same memory. What the device does is up to the test. */
final class ModelTransport implements VirtioTransport {
    private final ModelPlatform memory;
    private final String name;
    private final SignalSource events = new SignalSource();
    private final Map<Integer, Link> links = new TreeMap<>();

    /** The configuration, which a test fills. */
    final ByteBuffer config = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);

    /** What the device offers. */
    long offered;

    /** What the driver accepted last. */
    long accepted;

    /** How many entries each queue may have. */
    int queueLimit = 64;

    /** How many queues there are. */
    int queues = 2;

    /** Whether nobody is there. */
    boolean absent;

    /** Whether the device goes away while its queues are being connected. */
    boolean goesAwayAtConnect;

    /** Whether the device refuses the features that are accepted. */
    boolean refusesFeatures;

    /** What the next look for events gives. */
    int pendingEvents;

    /** What the device does when it is told that there is something new. */
    Runnable onKick = () -> {};

    /** The registers through which the driver sees it; null if it calls this transport itself. */
    @Nullable
    RegisterModel registers;

    /** What was written into the configuration, as {@code OFFSET:BYTES:VALUE}. */
    final List<String> written = new ArrayList<>();

    int resets;
    int kicks;
    boolean started;
    boolean closed;

    ModelTransport(ModelPlatform memory, String name, long offered) {
        this.memory = memory;
        this.name = name;
        this.offered = offered;
    }

    /** A queue as the device has it; the source outlives it. */
    private final class Link implements QueueLink {
        private final SignalSource source = new SignalSource();
        DeviceQueue queue;
        QueueAreas areas;

        @Override
        public void kick() {
            kicked();
        }

        @Override
        public WaitSource source() {
            return source;
        }
    }

    Clock clock() {
        return memory.clock();
    }

    /** The driver tells that there is something new. */
    void kicked() {
        kicks++;
        onKick.run();
    }

    /** The device's side of a queue. */
    DeviceQueue queue(int number) {
        return links.get(number).queue;
    }

    /** How many queues the driver has connected. */
    int connected() {
        return links.size();
    }

    /** Where a queue lies. */
    QueueAreas areas(int number) {
        return links.get(number).areas;
    }

    /** Notifies the driver, if it wants to be. */
    void call(int number) {
        Link link = links.get(number);
        if (link.queue.needsCall()) {
            if (registers != null) {
                registers.used(number);
            } else {
                link.source.signal();
            }
        }
    }

    /** Raises events, as an interrupt for the configuration does. */
    void raise(int happened) {
        pendingEvents |= happened;
        if (registers != null) {
            registers.configChanged();
        } else {
            events.signal();
        }
    }

    @Override
    public String name() {
        return "model:" + name;
    }

    @Override
    public void reset() {
        resets++;
        started = false;
        pendingEvents = 0;
        for (Link link : links.values()) {
            link.queue = null;
        }
        if (absent) {
            throw new DeviceException("Nobody is there.", null, null);
        }
    }

    @Override
    public long offeredFeatures() {
        return offered;
    }

    @Override
    public void accept(long features) {
        if (refusesFeatures) {
            throw new VirtioException(Violation.PROTOCOL, "It refuses the features.");
        }
        accepted = features;
    }

    @Override
    public long config(int offset, int bytes) {
        if (absent) {
            throw new DeviceException("Nobody is there.", null, null);
        }
        return switch (bytes) {
            case 1 -> config.get(offset) & 0xff;
            case 2 -> config.getShort(offset) & 0xffff;
            case 4 -> config.getInt(offset) & 0xffff_ffffL;
            default -> config.getLong(offset);
        };
    }

    @Override
    public int queueLimit(int queue) {
        return queue < queues ? queueLimit : 0;
    }

    @Override
    public QueueLink connect(int queue, QueueAreas areas) {
        if (goesAwayAtConnect) {
            throw new DeviceException("It went away.", null, null);
        }
        Link link = links.computeIfAbsent(queue, _ -> new Link());
        link.queue = DeviceQueue.create(areas, accepted, memory, 0);
        link.areas = areas;
        return link;
    }

    @Override
    public void start() {
        started = true;
    }

    @Override
    public int pollEvents() {
        int events = absent ? NEEDS_RESET : pendingEvents;
        pendingEvents = 0;
        return events;
    }

    @Override
    public WaitSource source() {
        return events;
    }

    @Override
    public void close() {
        closed = true;
        started = false;
    }
}
