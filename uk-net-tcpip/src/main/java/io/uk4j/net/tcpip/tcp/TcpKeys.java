package io.uk4j.net.tcpip.tcp;

import io.uk4j.core.config.Key;
import java.time.Duration;
import java.util.List;

/** The configuration keys of TCP. */
public final class TcpKeys {
    /** How much each connection queues for sending. */
    public static final Key<Long> SEND_BUFFER = Key.size(
                    "uk.tcp.sendbuffer",
                    4 << 10,
                    64 << 20,
                    "How many bytes a connection queues until the peer has acknowledged them.")
            .withDefault("512K");

    /** How much each connection queues for the application. */
    public static final Key<Long> RECEIVE_BUFFER = Key.size(
                    "uk.tcp.receivebuffer",
                    4 << 10,
                    64 << 20,
                    "How many bytes a connection queues until the application takes them; bounds the window.")
            .withDefault("512K");

    /** How many connections there may be. */
    public static final Key<Integer> CONNECTIONS = Key.integer(
                    "uk.tcp.connections", 1, 1 << 20, "How many connections there may be, without those in TIME-WAIT.")
            .withDefault("65536");

    /** The backlog of listeners that name none. */
    public static final Key<Integer> BACKLOG = Key.integer(
                    "uk.tcp.backlog", 1, 65_535, "How many connections a listener keeps half-open, and unaccepted.")
            .withDefault("1024");

    /** How long a closed connection stays in TIME-WAIT. */
    public static final Key<Duration> TIME_WAIT = Key.duration(
                    "uk.tcp.timewait",
                    Duration.ofMillis(1),
                    Duration.ofMinutes(4),
                    "How long a closed connection's ends stay reserved (RFC 9293: two segment lifetimes).")
            .withDefault("30s");

    /** How many may be in TIME-WAIT. */
    public static final Key<Integer> TIME_WAIT_LIMIT = Key.integer(
                    "uk.tcp.timewaitlimit",
                    1,
                    1 << 20,
                    "How many connections may be in TIME-WAIT; the oldest give way.")
            .withDefault("32768");

    /** How long a connection that was closed waits for the peer to close too. */
    public static final Key<Duration> FIN_WAIT = Key.duration(
                    "uk.tcp.finwait",
                    Duration.ofMillis(1),
                    Duration.ofHours(1),
                    "How long a connection that the application has closed waits for the peer's end.")
            .withDefault("60s");

    /** Whether Nagle's algorithm is off at first. */
    public static final Key<Boolean> NO_DELAY = Key.bool(
                    "uk.tcp.nodelay", "Whether short segments go out while an earlier one is not acknowledged.")
            .withDefault("false");

    /** Idle time before keep-alive probes. */
    public static final Key<Duration> KEEP_ALIVE = Key.duration(
                    "uk.tcp.keepalive",
                    Duration.ZERO,
                    Duration.ofHours(24),
                    "How long a peer may be silent before it is probed; 0s never probes.")
            .withDefault("0s");

    /** Time between keep-alive probes. */
    public static final Key<Duration> KEEP_ALIVE_INTERVAL = Key.duration(
                    "uk.tcp.keepaliveinterval",
                    Duration.ofMillis(100),
                    Duration.ofHours(1),
                    "The time between two keep-alive probes.")
            .withDefault("75s");

    /** How many keep-alive probes may go unanswered. */
    public static final Key<Integer> KEEP_ALIVE_PROBES = Key.integer(
                    "uk.tcp.keepaliveprobes", 1, 100, "After how many unanswered keep-alive probes the peer is gone.")
            .withDefault("9");

    /** The shortest retransmission timeout. */
    public static final Key<Duration> MIN_RTO = Key.duration(
                    "uk.tcp.minrto",
                    Duration.ofMillis(1),
                    Duration.ofSeconds(10),
                    "The shortest retransmission timeout.")
            .withDefault("200ms");

    /** The longest delay of an acknowledgement. */
    public static final Key<Duration> DELAYED_ACK = Key.duration(
                    "uk.tcp.delayedack",
                    Duration.ofMillis(1),
                    Duration.ofMillis(500),
                    "The longest that an acknowledgement waits for company (RFC 1122: at most 500 ms).")
            .withDefault("40ms");

    /** How often a SYN is sent again. */
    public static final Key<Integer> SYN_RETRIES = Key.integer(
                    "uk.tcp.synretries", 0, 20, "How often a SYN is sent again before the attempt fails.")
            .withDefault("6");

    /** How often a SYN-ACK is sent again. */
    public static final Key<Integer> SYN_ACK_RETRIES = Key.integer(
                    "uk.tcp.synackretries", 0, 20, "How often a SYN-ACK is sent again before the attempt is dropped.")
            .withDefault("5");

    /** How often data is sent again. */
    public static final Key<Integer> RETRIES = Key.integer(
                    "uk.tcp.retries",
                    1,
                    30,
                    "How often data is sent again, unanswered, before the connection fails (R2).")
            .withDefault("15");

    /** How long data may stay unacknowledged. */
    public static final Key<Duration> USER_TIMEOUT = Key.duration(
                    "uk.tcp.usertimeout",
                    Duration.ZERO,
                    Duration.ofHours(24),
                    "How long the peer may leave data unanswered before the connection fails; 0s leaves it to uk.tcp.retries.")
            .withDefault("0s");

    private TcpKeys() {}

    /** All of them. */
    public static List<Key<?>> all() {
        return List.of(
                SEND_BUFFER,
                RECEIVE_BUFFER,
                CONNECTIONS,
                BACKLOG,
                TIME_WAIT,
                TIME_WAIT_LIMIT,
                FIN_WAIT,
                NO_DELAY,
                KEEP_ALIVE,
                KEEP_ALIVE_INTERVAL,
                KEEP_ALIVE_PROBES,
                MIN_RTO,
                DELAYED_ACK,
                SYN_RETRIES,
                SYN_ACK_RETRIES,
                RETRIES,
                USER_TIMEOUT);
    }
}
