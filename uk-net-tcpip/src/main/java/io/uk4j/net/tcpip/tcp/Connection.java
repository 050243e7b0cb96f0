package io.uk4j.net.tcpip.tcp;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.SegmentConsumer;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;
import io.uk4j.net.tcpip.TcpInfo;
import io.uk4j.net.tcpip.TcpState;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The state of a connection (the TCB of RFC 9293), and what the application does to it. What the network does to it is in
 * {@link Input}, {@link Acknowledgements}, {@link Output} and {@link Timeouts}.
 */
final class Connection extends Flow implements TcpConnection {
    final TcpTransport tcp;
    final SendState snd;
    final ReceiveState rcv;
    final RttEstimator rtt;
    final CongestionControl congestion = new NewReno();
    final LossRecovery recovery = new LossRecovery();
    final ConnectionTimers timers;
    TcpState state = TcpState.CLOSED;

    @Nullable
    TcpHandler handler;

    /** Who made it, until it is accepted. */
    @Nullable
    Listener listener;

    /** The neighbours in a {@link ConnectionList}. */
    @Nullable
    Connection previous;

    @Nullable
    Connection next;

    /** Of the listener's two lists it is, or was, in the second. */
    boolean isInAcceptQueue;

    /** Whether timestamps go both ways (RFC 7323, section 3). */
    boolean timestamps;
    /** Added to the clock, so that nobody learns this host's uptime (RFC 7323, section 7.1). */
    int tsOffset;

    int tsRecent;
    long tsRecentAtNs;
    boolean sackPermitted;

    long keepAliveNs;
    long lastReceivedNs;
    long lastSentNs;
    /** When a segment that would be answered out of turn was answered last; see {@link Input}. */
    long lastInvalidAckNs;

    boolean hasAnsweredInvalid;
    boolean hasSoftError;
    /** A SYN was sent more than once. */
    boolean synLost;

    long bytesSent;
    long bytesReceived;
    long retransmissions;
    long timeoutCount;
    long fastRecoveryCount;

    /** What the handler is to hear of: a set of {@link Events}. */
    int events;

    /** An interceptor has not said yet whether the handshake is to go on. */
    boolean isHeld;

    boolean isInEventList;
    boolean isInOutputList;

    private boolean wantsToWrite;
    private boolean isWaitingForMemory;
    private boolean inputClosed;
    private boolean receiving;
    /** Closed by a consumer: what that takes is known when it returns. */
    private boolean closesAfterReceive;
    /** Ended, with bytes that the application has not received yet. */
    private boolean isUnread;

    private boolean peerCloseTold;
    private @Nullable TcpCloseReason closeReason;

    private boolean isTiming;
    private int timedSeq;
    private long timedAtNs;

    Connection(TcpTransport tcp, int localAddress, int localPort, int remoteAddress, int remotePort) {
        super(localAddress, localPort, remoteAddress, remotePort);
        this.tcp = tcp;
        TcpSettings settings = tcp.settings;
        snd = new SendState(new SendQueue(tcp.memory, settings.sendBufferBytes));
        rcv = new ReceiveState(new ReceiveQueue(settings.receiveBufferBytes), settings.receiveBufferBytes);
        rtt = new RttEstimator(settings.minRtoNs, TcpSettings.MAX_RTO_NS);
        timers = new ConnectionTimers(this, tcp.loop);
        snd.noDelay = settings.noDelay;
        keepAliveNs = settings.keepAliveNs;
        lastReceivedNs = tcp.nowNs();
    }

    boolean isOpen() {
        return state != TcpState.CLOSED && state != TcpState.TIME_WAIT;
    }

    /** Whether a SYN went each way, so that there is something to reset. */
    boolean isSynchronized() {
        return isOpen() && state != TcpState.SYN_SENT;
    }

    boolean isInputClosed() {
        return inputClosed;
    }

    /** Payload of a full segment, with the options that every segment carries. */
    int fullSegmentBytes() {
        return snd.mss - (timestamps ? HeaderWriter.TIMESTAMPS_BYTES : 0);
    }

    /** This side's timestamp clock, in milliseconds. */
    int tsNow(long nowNs) {
        return (int) (nowNs / 1_000_000) + tsOffset;
    }

    /** Measures the time until {@code seq} is acknowledged, unless another measurement runs. */
    void startTiming(int seq, long nowNs) {
        if (!isTiming) {
            isTiming = true;
            timedSeq = seq;
            timedAtNs = nowNs;
        }
    }

    /** Something is sent again: an acknowledgement does not tell which of the two it answers (Karn). */
    void stopTiming() {
        isTiming = false;
    }

    /** Takes a measurement if the acknowledgement ends one, or else if its echoed timestamp makes one. */
    void measure(Segment segment, long nowNs) {
        if (isTiming && Seq.atOrBefore(timedSeq, segment.ack)) {
            isTiming = false;
            rtt.sample(nowNs - timedAtNs, 1);
        } else if (!isTiming && timestamps && segment.hasTimestamps) {
            int elapsedMs = tsNow(nowNs) - segment.tsEcho;
            if (elapsedMs >= 0 && elapsedMs < TcpSettings.MAX_RTO_NS / 1_000_000) {
                rtt.sample(elapsedMs * 1_000_000L, 1_000_000L);
            }
        }
    }

    /** The handshake is done (or, for an active open, all but our ACK of it). */
    void establish(long nowNs) {
        state = snd.finQueued ? TcpState.FIN_WAIT_1 : TcpState.ESTABLISHED;
        congestion.onEstablished(fullSegmentBytes(), synLost);
        if (synLost) {
            rtt.onSynLost();
        }
        recovery.start(snd.iss);
        snd.shortEnd = snd.una;
        if (keepAliveNs > 0) {
            timers.startKeepAlive(nowNs + keepAliveNs);
        }
    }

    /**
     * Ends the connection: nothing is sent or received any more. After a normal end, what has arrived stays readable, and
     * the handler hears of the end when it was read.
     */
    void finish(TcpCloseReason reason) {
        if (isOpen()) {
            tcp.table.remove(this);
            retire(TcpState.CLOSED, reason);
        }
    }

    /** Like {@link #finish}, and the ends stay reserved for a while. */
    void enterTimeWait(long nowNs) {
        tcp.timeWaits.enter(this, nowNs);
        retire(TcpState.TIME_WAIT, TcpCloseReason.NORMAL);
    }

    private void retire(TcpState last, TcpCloseReason reason) {
        if (state == TcpState.SYN_SENT || state == TcpState.SYN_RECEIVED) {
            tcp.counters.handshakesFailed.increment();
        }
        state = last;
        closeReason = reason;
        timers.cancel();
        snd.queue.clear();
        rcv.reassembly.clear();
        tcp.memory.forget(this);
        tcp.retired();
        if (listener != null) {
            listener.forget(this);
            listener = null;
        }
        if (reason != TcpCloseReason.NORMAL || inputClosed) {
            inputClosed = true;
            clearReceiveQueue();
        }
        if (rcv.queue.bytes.bytes() > 0) {
            isUnread = true;
            tcp.unread.add(this);
        }
        tellIfEnded();
    }

    /** The stack ends: what is unread can be received no more. */
    void leaveUnread() {
        isUnread = false;
        tcp.unread.remove(this);
        close();
    }

    private void clearReceiveQueue() {
        if (!receiving) {
            rcv.queue.bytes.clear();
        }
    }

    private void tellIfEnded() {
        if (closeReason != null && rcv.queue.bytes.bytes() == 0) {
            if (isUnread) {
                isUnread = false;
                tcp.unread.remove(this);
            }
            post(Events.CLOSED);
        }
    }

    void post(int event) {
        events |= event;
        tcp.hasEvents(this);
    }

    /** There may be space again; tells a handler that has waited for it. */
    void offerSpace() {
        if (wantsToWrite && (snd.queue.space() >= snd.queue.limitBytes() / 4 || snd.queue.bytes.bytes() == 0)) {
            post(Events.WRITABLE);
        }
    }

    /** Tells the handler what has happened since the last round. */
    void dispatch() {
        TcpHandler h = handler;
        if (h == null) {
            return;
        }
        int due = events;
        events = 0;
        if ((due & Events.CONNECTED) != 0 && !inputClosed) {
            h.onConnected(this);
        }
        if ((due & Events.READABLE) != 0 && !inputClosed && readableBytes() > 0) {
            h.onReadable(this);
        }
        if (rcv.finReceived && !peerCloseTold && !inputClosed && readableBytes() == 0) {
            peerCloseTold = true;
            h.onPeerClosed(this);
        }
        if ((due & Events.WRITABLE) != 0 && !inputClosed && isOpen()) {
            wantsToWrite = false;
            h.onWritable(this);
        }
        if ((due & Events.CLOSED) != 0) {
            handler = null;
            h.onClosed(this, Objects.requireNonNull(closeReason));
        }
    }

    /** The pool has buffers again, for whoever could not write for lack of them. */
    void memoryIsBack() {
        isWaitingForMemory = false;
        offerSpace();
    }

    @Override
    public Endpoint local() {
        return new Endpoint(new Ipv4Address(localAddress), localPort);
    }

    @Override
    public Endpoint remote() {
        return new Endpoint(new Ipv4Address(remoteAddress), remotePort);
    }

    @Override
    public int readableBytes() {
        return inputClosed ? 0 : rcv.queue.bytes.bytes();
    }

    @Override
    public boolean isPeerClosed() {
        return rcv.finReceived;
    }

    @Override
    public int receive(SegmentConsumer consumer) {
        if (receiving) {
            throw new IllegalStateException("A consumer must not receive from its own connection.");
        }
        ByteQueue queue = rcv.queue.bytes;
        int consumed = 0;
        receiving = true;
        try {
            while (!inputClosed && !closesAfterReceive && queue.bytes() > 0) {
                int shown = queue.headLength();
                int taken = consumer.consume(queue.headBuffer(), queue.headOffset(), shown);
                if (taken < 0 || taken > shown) {
                    throw new IllegalArgumentException("A consumer took " + taken + " of " + shown + " bytes.");
                }
                queue.skip(taken);
                consumed += taken;
                if (taken < shown) {
                    break;
                }
            }
        } finally {
            receiving = false;
            if (inputClosed) {
                queue.clear();
            }
            afterReceive(consumed);
            if (closesAfterReceive) {
                closesAfterReceive = false;
                close();
            }
        }
        return consumed;
    }

    private void afterReceive(int consumed) {
        if (rcv.finReceived && !peerCloseTold && readableBytes() == 0) {
            post(Events.PEER_CLOSED);
        } else if (consumed > 0 && isOpen() && rcv.isUpdateDue(snd.mss)) {
            rcv.ackNow = true;
            tcp.needsOutput(this);
        }
        tellIfEnded();
    }

    @Override
    public boolean send(ByteBuf buffer, int offset, int length) {
        if (length <= 0) {
            throw new IllegalArgumentException("There are no " + length + " bytes to send.");
        }
        Objects.checkFromIndexSize(offset, length, buffer.capacity());
        if (!canSend()) {
            return false;
        }
        if (snd.queue.space() == 0) {
            wantsToWrite = true;
            return false;
        }
        snd.queue.send(buffer, offset, length);
        tcp.needsOutput(this);
        return true;
    }

    @Override
    public int write(byte[] source, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, source.length);
        if (!canSend() || length == 0) {
            return 0;
        }
        int written = snd.queue.write(source, offset, length);
        if (written > 0) {
            tcp.needsOutput(this);
        }
        if (written < length) {
            wantsToWrite = true;
            if (snd.queue.space() > 0 && !isWaitingForMemory) {
                isWaitingForMemory = true;
                tcp.waitsForMemory(this);
            }
        }
        return written;
    }

    @Override
    public int sendSpace() {
        return canSend() ? snd.queue.space() : 0;
    }

    private boolean canSend() {
        return isOpen() && !snd.finQueued && !closesAfterReceive;
    }

    @Override
    public void noDelay(boolean noDelay) {
        snd.noDelay = noDelay;
        if (noDelay && isOpen()) {
            tcp.needsOutput(this);
        }
    }

    @Override
    public void keepAlive(Duration idle) {
        if (idle.isNegative()) {
            throw new IllegalArgumentException("An idle time is not negative: " + idle);
        }
        keepAliveNs = idle.toNanos();
        timers.stopKeepAlive();
        if (keepAliveNs > 0 && isSynchronized()) {
            timers.startKeepAlive(tcp.readClock() + keepAliveNs);
        }
    }

    @Override
    public void shutdownOutput() {
        if (!canSend()) {
            return;
        }
        snd.finQueued = true;
        if (state == TcpState.ESTABLISHED) {
            state = TcpState.FIN_WAIT_1;
        } else if (state == TcpState.CLOSE_WAIT) {
            state = TcpState.LAST_ACK;
        }
        tcp.needsOutput(this);
    }

    @Override
    public void close() {
        if (inputClosed) {
            return;
        }
        if (receiving) {
            closesAfterReceive = true;
            return;
        }
        if (closeReason != null) {
            inputClosed = true;
            clearReceiveQueue();
            tellIfEnded();
        } else if (state == TcpState.SYN_SENT || rcv.queue.bytes.bytes() > 0) {
            abort();
        } else {
            inputClosed = true;
            shutdownOutput();
            if (state == TcpState.FIN_WAIT_2) {
                startLinger(tcp.readClock());
            }
        }
    }

    /** The peer has our end; if the application does not wait for the peer's, that takes only so long. */
    void startLinger(long nowNs) {
        timers.startLinger(nowNs + tcp.settings.finWaitNs);
    }

    @Override
    public void abort() {
        if (isOpen()) {
            abort(TcpCloseReason.ABORTED);
        } else {
            close();
        }
    }

    /** Ends the connection at once, with a reset where the peer has one too (RFC 9293, section 3.10.5). */
    void abort(TcpCloseReason reason) {
        if (isSynchronized() && state != TcpState.CLOSING && state != TcpState.LAST_ACK) {
            tcp.replies.reset(this, snd.emptySeq(), rcv.nxt, Flags.RST | Flags.ACK);
            tcp.counters.resetsSent.increment();
        }
        finish(reason);
    }

    @Override
    public TcpInfo info() {
        return new TcpInfo(
                state,
                fullSegmentBytes(),
                rtt.smoothedNs(),
                rtt.variationNs(),
                rtt.rtoNs(),
                congestion.windowBytes(),
                congestion.slowStartThresholdBytes(),
                snd.wnd,
                rcv.window(),
                snd.inFlight(),
                snd.queue.bytes.bytes(),
                rcv.queue.bytes.bytes(),
                snd.queue.bytes.slotBytes() + rcv.queue.bytes.slotBytes() + rcv.reassembly.slotBytes(),
                bytesSent,
                bytesReceived,
                retransmissions,
                timeoutCount,
                fastRecoveryCount);
    }

    @Override
    public String toString() {
        return local() + " - " + remote() + " " + state;
    }
}
