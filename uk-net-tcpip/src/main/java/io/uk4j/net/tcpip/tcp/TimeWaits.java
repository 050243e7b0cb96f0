package io.uk4j.net.tcpip.tcp;

import io.uk4j.core.Timer;
import org.jspecify.annotations.Nullable;

/**
 * The connections in TIME-WAIT (RFC 9293, section 3.6.1). All stay equally long, so they leave in the order of their
 * coming, on one timer. Bounded: the oldest gives way to a new one.
 */
final class TimeWaits {
    private final TcpTransport tcp;
    private final Timer timer;
    private @Nullable TimeWait first;
    private @Nullable TimeWait last;
    private int size;

    TimeWaits(TcpTransport tcp) {
        this.tcp = tcp;
        timer = tcp.loop.newTimer(this::expire);
    }

    int size() {
        return size;
    }

    /** Takes the connection's place in the table, and acknowledges the peer's FIN. */
    void enter(Connection c, long nowNs) {
        if (size == tcp.settings.timeWaitLimit && first != null) {
            remove(first);
            tcp.counters.timeWaitEvicted.increment();
        }
        TimeWait entry = new TimeWait(c);
        tcp.table.replace(c, entry);
        append(entry, nowNs);
        if (c.rcv.ackNow) {
            tcp.replies.acknowledge(entry, nowNs);
        }
    }

    void remove(TimeWait entry) {
        unlink(entry);
        tcp.table.remove(entry);
    }

    /**
     * Whether a SYN may open a new connection between the same ends: it is later than all of the old one (RFC 6191, RFC
     * 9293, section 3.6.1).
     */
    static boolean isReusedBy(TimeWait entry, Segment s) {
        if (!s.has(Flags.SYN) || s.has(Flags.ACK | Flags.RST)) {
            return false;
        }
        if (entry.timestamps && s.hasTimestamps && s.tsValue != entry.tsRecent) {
            return Seq.after(s.tsValue, entry.tsRecent);
        }
        return Seq.after(s.seq, entry.rcvNxt);
    }

    /** Any other segment (RFC 9293, section 3.10.7.4). A reset does not shorten the wait (RFC 1337). */
    void segment(TimeWait entry, Segment s, long nowNs) {
        if (s.has(Flags.RST)) {
            tcp.counters.drop(TcpDrop.TIME_WAIT_RESET);
            return;
        }
        tcp.counters.drop(TcpDrop.TIME_WAIT);
        boolean old = entry.timestamps && s.hasTimestamps && Seq.before(s.tsValue, entry.tsRecent);
        if (s.has(Flags.FIN) && !old && s.endSeq() == entry.rcvNxt) {
            // The peer has not heard our last ACK.
            unlink(entry);
            append(entry, nowNs);
        }
        if (s.seqBytes() > 0 || s.seq != entry.rcvNxt) {
            tcp.replies.acknowledge(entry, nowNs);
        }
    }

    private void append(TimeWait entry, long nowNs) {
        entry.deadlineNs = nowNs + tcp.settings.timeWaitNs;
        entry.previous = last;
        entry.next = null;
        if (last == null) {
            first = entry;
            timer.schedule(entry.deadlineNs);
        } else {
            last.next = entry;
        }
        last = entry;
        size++;
    }

    private void unlink(TimeWait entry) {
        TimeWait before = entry.previous;
        TimeWait after = entry.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        size--;
    }

    private void expire() {
        long nowNs = tcp.readClock();
        TimeWait entry = first;
        while (entry != null && nowNs - entry.deadlineNs >= 0) {
            remove(entry);
            entry = first;
        }
        if (entry != null) {
            timer.schedule(entry.deadlineNs);
        }
    }

    void clear() {
        while (first != null) {
            remove(first);
        }
        timer.cancel();
    }
}
