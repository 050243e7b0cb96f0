package io.uk4j.vhost.user;

/** Features of the protocol itself, as masks (vhost-user protocol, "Protocol features"). */
final class ProtocolFeatures {
    /** Among the device's features: there are protocol features (VHOST_USER_F_PROTOCOL_FEATURES). */
    static final long OFFERED = 1L << 30;

    static final long MQ = 1L;
    static final long REPLY_ACK = 1L << 3;
    static final long MTU = 1L << 4;
    static final long CONFIG = 1L << 9;

    private ProtocolFeatures() {}
}
