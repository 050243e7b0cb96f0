package io.uk4j.net.tcpip.tcp;

/** Sequence numbers: arithmetic modulo 2^32 (RFC 9293, section 3.4). Only those within 2^31 of each other compare. */
final class Seq {
    private Seq() {}

    static boolean before(int a, int b) {
        return a - b < 0;
    }

    static boolean atOrBefore(int a, int b) {
        return a - b <= 0;
    }

    static boolean after(int a, int b) {
        return a - b > 0;
    }

    static boolean atOrAfter(int a, int b) {
        return a - b >= 0;
    }

    static int max(int a, int b) {
        return a - b >= 0 ? a : b;
    }

    static int min(int a, int b) {
        return a - b <= 0 ? a : b;
    }
}
