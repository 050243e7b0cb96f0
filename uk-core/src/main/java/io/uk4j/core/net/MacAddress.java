package io.uk4j.core.net;

import java.util.HexFormat;

/**
 * A 48-bit Ethernet address.
 *
 * @param bits the address in the low 48 bits, first octet highest
 */
public record MacAddress(long bits) {
    /** The address of every station on the link. */
    public static final MacAddress BROADCAST = new MacAddress(0xffff_ffff_ffffL);

    private static final HexFormat COLONS = HexFormat.ofDelimiter(":");

    /** Checks the range. */
    public MacAddress {
        if (bits >>> 48 != 0) {
            throw new IllegalArgumentException(
                    "An Ethernet address has 48 bits, this has more: 0x" + Long.toHexString(bits));
        }
    }

    /**
     * Parses six hexadecimal octets, such as {@code 02:00:5e:10:00:01}.
     *
     * @throws IllegalArgumentException if the text is anything else
     */
    public static MacAddress parse(String text) {
        if (text.length() != 17) {
            throw new IllegalArgumentException("Not six hexadecimal octets with colons between: " + text);
        }
        long bits = 0;
        for (byte octet : COLONS.parseHex(text)) {
            bits = (bits << 8) | (octet & 0xff);
        }
        return new MacAddress(bits);
    }

    /**
     * A locally administered unicast address (IEEE 802, bit 1 of the first octet set, bit 0 clear) from random bits.
     *
     * @param random any value; 46 bits of it are used
     */
    public static MacAddress locallyAdministered(long random) {
        return new MacAddress((random & 0xfcff_ffff_ffffL) | 0x0200_0000_0000L);
    }

    /** Whether this names a group of stations (multicast or broadcast). */
    public boolean isGroup() {
        return (bits & 0x0100_0000_0000L) != 0;
    }

    /** Six hexadecimal octets with colons between. */
    @Override
    public String toString() {
        byte[] octets = new byte[6];
        for (int i = 0; i < 6; i++) {
            octets[i] = (byte) (bits >>> (40 - 8 * i));
        }
        return COLONS.formatHex(octets);
    }
}
