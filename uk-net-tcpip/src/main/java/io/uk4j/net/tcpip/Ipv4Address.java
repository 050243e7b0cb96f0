package io.uk4j.net.tcpip;

import org.jspecify.annotations.Nullable;

/**
 * An IPv4 address.
 *
 * @param bits the address, first octet highest
 */
public record Ipv4Address(int bits) implements IpAddress {
    /** 0.0.0.0: no address, or any. */
    public static final Ipv4Address ANY = new Ipv4Address(0);

    /** 255.255.255.255: everyone on the link (RFC 919). */
    public static final Ipv4Address BROADCAST = new Ipv4Address(-1);

    /**
     * Parses four decimal octets with dots between, such as {@code 10.0.2.15}.
     *
     * @throws IllegalArgumentException if the text is anything else; shortened and octal forms are not taken
     */
    public static Ipv4Address parse(String text) {
        int bits = 0;
        int octets = 0;
        int octet = -1;
        for (int i = 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : '.';
            if (c == '.') {
                if (octet < 0 || ++octets > 4) {
                    throw malformed(text);
                }
                bits = (bits << 8) | octet;
                octet = -1;
            } else if (c < '0' || c > '9' || octet == 0) {
                throw malformed(text);
            } else {
                octet = Math.max(octet, 0) * 10 + (c - '0');
                if (octet > 255) {
                    throw malformed(text);
                }
            }
        }
        if (octets != 4) {
            throw malformed(text);
        }
        return new Ipv4Address(bits);
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException("not an IPv4 address (four decimal octets with dots between): " + text);
    }

    /** Whether this is a multicast address, 224.0.0.0/4 (RFC 5771). */
    public boolean isMulticast() {
        return bits >>> 28 == 0xe;
    }

    /** Written out: what the compiler makes for a record is linked when it is first used, which a cold JVM feels. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Ipv4Address address && address.bits == bits;
    }

    @Override
    public int hashCode() {
        return bits;
    }

    /** Four decimal octets with dots between. */
    @Override
    public String toString() {
        return (bits >>> 24) + "." + ((bits >>> 16) & 0xff) + "." + ((bits >>> 8) & 0xff) + "." + (bits & 0xff);
    }
}
