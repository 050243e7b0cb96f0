package io.uk4j.net.tcpip;

import io.uk4j.core.UkException;

/** A UDP port could not be opened: it is taken, or there are none left. */
public final class UdpException extends UkException {
    private static final long serialVersionUID = 1L;

    private UdpException(String what, String allowed, String remedy) {
        super(what, allowed, remedy, null);
    }

    static UdpException cannotOpen(int port) {
        return port == 0
                ? new UdpException(
                        "No UDP port is free.",
                        "A stack has 4096 open ports at most.",
                        "close sockets that are not used any more")
                : new UdpException(
                        "UDP port " + port + " is open already.",
                        "Each port has one socket.",
                        "another port, or 0 for one that is free");
    }
}
