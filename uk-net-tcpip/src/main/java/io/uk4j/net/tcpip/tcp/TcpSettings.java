package io.uk4j.net.tcpip.tcp;

import io.uk4j.core.config.Config;

/** TCP's configuration in the units that the code works with. */
final class TcpSettings {
    /** RFC 6298, rule 2.5: at least a minute. */
    static final long MAX_RTO_NS = 120_000_000_000L;

    final int sendBufferBytes;
    final int receiveBufferBytes;
    final int connectionLimit;
    final long timeWaitNs;
    final int timeWaitLimit;
    final long finWaitNs;
    final boolean noDelay;
    final long keepAliveNs;
    final long keepAliveIntervalNs;
    final int keepAliveProbes;
    final long minRtoNs;
    final long delayedAckNs;
    final int synRetries;
    final int synAckRetries;
    final int retries;
    final long userTimeoutNs;

    /** How far the window is shifted, so that all of the receive buffer can be offered (RFC 7323, section 2). */
    final int windowScale;

    TcpSettings(Config config) {
        sendBufferBytes = config.get(TcpKeys.SEND_BUFFER).intValue();
        receiveBufferBytes = config.get(TcpKeys.RECEIVE_BUFFER).intValue();
        connectionLimit = config.get(TcpKeys.CONNECTIONS);
        timeWaitNs = config.get(TcpKeys.TIME_WAIT).toNanos();
        timeWaitLimit = config.get(TcpKeys.TIME_WAIT_LIMIT);
        finWaitNs = config.get(TcpKeys.FIN_WAIT).toNanos();
        noDelay = config.get(TcpKeys.NO_DELAY);
        keepAliveNs = config.get(TcpKeys.KEEP_ALIVE).toNanos();
        keepAliveIntervalNs = config.get(TcpKeys.KEEP_ALIVE_INTERVAL).toNanos();
        keepAliveProbes = config.get(TcpKeys.KEEP_ALIVE_PROBES);
        minRtoNs = config.get(TcpKeys.MIN_RTO).toNanos();
        delayedAckNs = config.get(TcpKeys.DELAYED_ACK).toNanos();
        synRetries = config.get(TcpKeys.SYN_RETRIES);
        synAckRetries = config.get(TcpKeys.SYN_ACK_RETRIES);
        retries = config.get(TcpKeys.RETRIES);
        userTimeoutNs = config.get(TcpKeys.USER_TIMEOUT).toNanos();
        int scale = 0;
        while (receiveBufferBytes >> scale > 0xffff) {
            scale++;
        }
        windowScale = scale;
    }
}
