package io.uk4j.net.tcpip.tcp;

/** Where initial sequence numbers come from. */
@FunctionalInterface
interface IsnSource {
    int next(int localAddress, int localPort, int remoteAddress, int remotePort, long nowNs);

    /** RFC 6528: a clock of 4 us, and for each pair of ends an offset that only this host can compute. */
    static IsnSource rfc6528(SipHash secret) {
        return (localAddress, localPort, remoteAddress, remotePort, nowNs) ->
                (int) (nowNs / 4_000) + (int) secret.hash(localAddress, localPort, remoteAddress, remotePort);
    }
}
