package io.uk4j.net.tcpip.tcp;

import io.uk4j.core.BufferPool;
import io.uk4j.core.EntropySource;
import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.core.config.Config;
import io.uk4j.core.metrics.Counters;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Interceptor;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.Tcp;
import io.uk4j.net.tcpip.TcpAcceptor;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpException;
import io.uk4j.net.tcpip.TcpHandler;
import io.uk4j.net.tcpip.TcpListener;
import io.uk4j.net.tcpip.ip.IcmpError;
import io.uk4j.net.tcpip.ip.IpOutput;
import io.uk4j.net.tcpip.ip.Packet;
import io.uk4j.net.tcpip.ip.Transport;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TCP of one stack: finds the connection of each segment, and in {@link #output} tells handlers what has happened and lets
 * connections send, in turns.
 *
 * <p>Thread rule: loop-owned.
 */
public final class TcpTransport implements Transport, Tcp {
    private static final Logger LOG = LoggerFactory.getLogger(TcpTransport.class);

    /** How many segments a connection sends before it is another one's turn. */
    private static final int BURST_SEGMENTS = 16;

    /** How soon to try again after the pool was empty. */
    private static final long MEMORY_RETRY_NS = 2_000_000L;

    final EventLoop loop;
    final IpOutput output;
    final BufferPool pool;
    final Memory memory;
    final TcpSettings settings;
    final TcpCounters counters;
    final FlowTable table;
    final PortTable listeners = new PortTable();
    final TimeWaits timeWaits;
    /** Connections that have ended, and whose last bytes the application has not received yet. */
    final ConnectionList unread = new ConnectionList();

    final Replies replies;
    final Timeouts timeouts;

    private final Input input;
    private final Output sender;
    private final Handshake handshake;
    private final IcmpErrors icmpErrors;
    private final EphemeralPorts ports;
    private final IsnSource isns;
    private final SipHash timestampSecret;
    private final Segment segment = new Segment();
    private final ArrayDeque<Connection> withEvents = new ArrayDeque<>();
    private final ArrayDeque<Connection> withOutput = new ArrayDeque<>();
    private final ArrayDeque<Connection> waitingForMemory = new ArrayDeque<>();
    private final ArrayDeque<Listener> withOffers = new ArrayDeque<>();
    private final Timer memoryTimer;
    private boolean closed;
    private @Nullable Interceptor interceptor;
    private int connections;
    private long nowNs;

    /**
     * Creates it.
     *
     * @param loop whose clock and timers it uses
     * @param output where its packets go
     * @param pool for headers, and for what the application writes by copy
     * @param entropy for keys, at once
     * @param counters where it registers its counters
     * @param config see {@link TcpKeys}
     */
    public TcpTransport(
            EventLoop loop, IpOutput output, BufferPool pool, EntropySource entropy, Counters counters, Config config) {
        this(loop, output, pool, entropy, counters, config, IsnSource.rfc6528(SipHash.strong(entropy)));
    }

    TcpTransport(
            EventLoop loop,
            IpOutput output,
            BufferPool pool,
            EntropySource entropy,
            Counters counters,
            Config config,
            IsnSource isns) {
        this.loop = loop;
        this.output = output;
        this.pool = pool;
        this.isns = isns;
        this.counters = new TcpCounters(counters);
        memory = new Memory(pool, this.counters);
        settings = new TcpSettings(config);
        table = new FlowTable(SipHash.quick(entropy));
        ports = new EphemeralPorts(SipHash.strong(entropy));
        timestampSecret = SipHash.strong(entropy);
        memoryTimer = loop.newTimer(() -> {});
        timeWaits = new TimeWaits(this);
        replies = new Replies(this);
        timeouts = new Timeouts(this);
        input = new Input(this);
        sender = new Output(this, output, pool);
        handshake = new Handshake(this);
        icmpErrors = new IcmpErrors(this);
        nowNs = loop.clock().nowNs();
        counters.gauge("uk_tcp_connections", "Connections, without those in TIME-WAIT.", () -> connections);
        counters.gauge("uk_tcp_time_wait", "Connections in TIME-WAIT.", timeWaits::size);
    }

    @Override
    public TcpListener listen(Endpoint local, int backlog, TcpAcceptor acceptor) {
        if (backlog < 1 || backlog > 65_535) {
            throw new IllegalArgumentException("A backlog lies within 1 and 65535, not " + backlog + ".");
        }
        int address = bits(local);
        int port = local.port();
        if (port == 0) {
            port = ports.choose(address, 0, 0, candidate -> !listeners.isTaken(address, candidate));
            if (port < 0) {
                throw new TcpException(
                        TcpException.Condition.NO_RESOURCES,
                        "No port is free to listen on.",
                        "closing listeners that are not needed");
            }
        } else if (listeners.isTaken(address, port)) {
            throw new TcpException(
                    TcpException.Condition.ADDRESS_IN_USE,
                    "Somebody listens on TCP port " + port + " of this stack already.",
                    "another port, or port 0 for any that is free");
        }
        Listener listener = new Listener(this, address, port, backlog, acceptor);
        listeners.add(listener);
        return listener;
    }

    @Override
    public TcpConnection connect(Endpoint remote, TcpHandler handler) {
        int address = bits(remote);
        if (remote.port() == 0 || address == 0 || address == -1 || new Ipv4Address(address).isMulticast()) {
            throw new IllegalArgumentException("One can connect to a port of one host only, not to " + remote + ".");
        }
        int local = output.sourceFor(address);
        int port = isFull()
                ? -1
                : ports.choose(
                        local,
                        address,
                        remote.port(),
                        candidate -> !listeners.isTaken(local, candidate)
                                && table.find(local, candidate, address, remote.port()) == null);
        if (port < 0) {
            throw new TcpException(
                    TcpException.Condition.NO_RESOURCES,
                    "No connection to " + remote + ": there are " + connections + " connections and " + timeWaits.size()
                            + " in TIME-WAIT, and no place or no port for one more.",
                    "a higher " + TcpKeys.CONNECTIONS + ", or a shorter " + TcpKeys.TIME_WAIT);
        }
        Connection c = new Connection(this, local, port, address, remote.port());
        c.handler = handler;
        handshake.activeOpen(c, readClock());
        counters.opened.increment();
        needsOutput(c);
        return c;
    }

    /** From now on, connections for which nobody listens are the interceptor's to take or refuse. */
    public void intercept(Interceptor newInterceptor) {
        interceptor = newInterceptor;
    }

    /** Lets a held handshake go on. */
    public void proceed(TcpConnection held) {
        if (held instanceof Connection c && c.isHeld) {
            c.isHeld = false;
            needsOutput(c);
        }
    }

    @Override
    public int connections() {
        return connections;
    }

    @Override
    public void input(Packet packet, long now) {
        nowNs = now;
        counters.segmentsReceived.increment();
        Segment s = segment;
        if (!s.parse(packet)) {
            counters.drop(TcpDrop.MALFORMED);
            return;
        }
        if (!packet.checksumValid && !packet.checksumHolds()) {
            counters.drop(TcpDrop.CHECKSUM);
            return;
        }
        if (!isFromHost(s)) {
            counters.drop(TcpDrop.SOURCE);
            return;
        }
        Flow flow = table.find(s.destinationAddress, s.destinationPort, s.sourceAddress, s.sourcePort);
        // Not a switch: that is linked when it is first used, which a cold JVM feels.
        if (flow instanceof Connection c) {
            input.segment(c, s, packet, now);
        } else if (flow instanceof TimeWait entry) {
            Listener listener = listeners.find(s.destinationAddress, s.destinationPort);
            if (listener != null && TimeWaits.isReusedBy(entry, s)) {
                handshake.passiveOpen(listener, s, entry, now);
            } else if (listener == null && interceptor != null && TimeWaits.isReusedBy(entry, s)) {
                handshake.intercept(interceptor, s, entry, now);
            } else {
                timeWaits.segment(entry, s, now);
            }
        } else {
            unknown(s, now);
        }
    }

    /** A segment without a connection (RFC 9293, sections 3.10.7.1 and 3.10.7.2). */
    private void unknown(Segment s, long now) {
        Listener listener = listeners.find(s.destinationAddress, s.destinationPort);
        if (s.has(Flags.RST)) {
            counters.drop(TcpDrop.NO_LISTENER);
        } else if (listener == null && interceptor != null && s.has(Flags.SYN) && !s.has(Flags.ACK)) {
            handshake.intercept(interceptor, s, null, now);
        } else if (listener == null || s.has(Flags.ACK)) {
            counters.drop(listener == null ? TcpDrop.NO_LISTENER : TcpDrop.NOT_SYN);
            replies.refuse(s);
        } else if (s.has(Flags.SYN)) {
            handshake.passiveOpen(listener, s, null, now);
        } else {
            counters.drop(TcpDrop.NOT_SYN);
        }
    }

    @Override
    public void error(IcmpError kind, int source, int destination, long transportHead, int mtuBytes) {
        icmpErrors.error(kind, source, destination, transportHead, mtuBytes);
    }

    @Override
    public int output(long now) {
        nowNs = now;
        wakeWaitingForMemory();
        int sent = dispatch() + replies.send(output, pool);
        // A whole lap without a segment: nobody can send for now, and all that want to are still in the list.
        int fruitless = 0;
        while (fruitless < withOutput.size() && output.space() > 0) {
            Connection c = withOutput.remove();
            c.isInOutputList = false;
            int count = sender.send(c, BURST_SEGMENTS, now);
            sent += count;
            fruitless = count == 0 && c.isInOutputList ? fruitless + 1 : 0;
        }
        return sent;
    }

    /** Returns how many had something to hear of: work that may have brought about more of it. Who hears may end the stack. */
    private int dispatch() {
        int told = withOffers.size() + withEvents.size();
        for (int i = withOffers.size(); i > 0 && !withOffers.isEmpty(); i--) {
            Listener listener = withOffers.remove();
            listener.isOffering = false;
            listener.resume();
        }
        for (int i = withEvents.size(); i > 0 && !withEvents.isEmpty(); i--) {
            Connection c = withEvents.remove();
            c.isInEventList = false;
            try {
                c.dispatch();
            } catch (RuntimeException e) {
                handlerFailed(c, e);
            }
        }
        return told;
    }

    private void wakeWaitingForMemory() {
        if (waitingForMemory.isEmpty()) {
            return;
        }
        if (!memory.takesSending()) {
            lacksMemory();
            return;
        }
        for (int i = waitingForMemory.size(); i > 0; i--) {
            waitingForMemory.remove().memoryIsBack();
        }
    }

    /** An application's fault ends its connection and nothing else. */
    void handlerFailed(Connection c, RuntimeException failure) {
        counters.handlerFailures.increment();
        LOG.warn("The handler of {} has failed; the connection is aborted.", c, failure);
        c.abort();
    }

    /** Ends every connection without a word to its peer, stops listening, and lets handlers know. */
    @Override
    public void close() {
        listeners.forEach(Listener::close);
        for (Connection c : table.connections()) {
            c.finish(TcpCloseReason.ABORTED);
        }
        for (Connection c = unread.first(); c != null; c = unread.first()) {
            c.leaveUnread();
        }
        timeWaits.clear();
        // A handler that hears of the end may end others, and open none: the limit is 0 now.
        closed = true;
        while (!withEvents.isEmpty()) {
            dispatch();
        }
        withOutput.clear();
        waitingForMemory.clear();
        memory.clear();
        memoryTimer.cancel();
    }

    long nowNs() {
        return nowNs;
    }

    /** The time for whoever is called outside of input and output. */
    long readClock() {
        nowNs = loop.clock().nowNs();
        return nowNs;
    }

    boolean isFull() {
        return closed || connections >= settings.connectionLimit;
    }

    int nextIsn(Flow flow, long now) {
        return isns.next(flow.localAddress, flow.localPort, flow.remoteAddress, flow.remotePort, now);
    }

    int timestampOffset(Flow flow) {
        return (int) timestampSecret.hash(flow.localAddress, flow.localPort, flow.remoteAddress, flow.remotePort);
    }

    /** A new connection has its ends and a state. */
    void opened(Connection c) {
        table.add(c);
        connections++;
    }

    /** A connection has ended and is out of the table. */
    void retired() {
        connections--;
        counters.closed.increment();
    }

    void hasEvents(Connection c) {
        if (!c.isInEventList) {
            c.isInEventList = true;
            withEvents.add(c);
        }
    }

    void hasOffers(Listener listener) {
        if (!listener.isOffering) {
            listener.isOffering = true;
            withOffers.add(listener);
        }
    }

    void needsOutput(Connection c) {
        if (!c.isInOutputList) {
            c.isInOutputList = true;
            withOutput.add(c);
        }
    }

    void waitsForMemory(Connection c) {
        waitingForMemory.add(c);
        lacksMemory();
    }

    /** Makes sure of a round before long, though nothing else may call for one. */
    void lacksMemory() {
        if (!memoryTimer.isScheduled()) {
            memoryTimer.schedule(nowNs + MEMORY_RETRY_NS);
        }
    }

    /** RFC 9293, section 3.9.2.3: groups do not speak TCP; and nobody speaks it with itself over one and the same end. */
    private static boolean isFromHost(Segment s) {
        int source = s.sourceAddress;
        boolean isOneHost = source != 0 && source != -1 && source >>> 28 != 0xe && s.destinationAddress >>> 28 < 0xe;
        return isOneHost && s.sourcePort != 0 && !(source == s.destinationAddress && s.sourcePort == s.destinationPort);
    }

    private static int bits(Endpoint endpoint) {
        return switch (endpoint.address()) {
            case Ipv4Address address -> address.bits();
        };
    }

    @Nullable
    Flow find(Endpoint local, Endpoint remote) {
        return table.find(bits(local), local.port(), bits(remote), remote.port());
    }
}
