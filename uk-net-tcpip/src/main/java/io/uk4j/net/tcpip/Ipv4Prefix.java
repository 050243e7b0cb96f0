package io.uk4j.net.tcpip;

/**
 * A host's address together with how much of it names its link, such as {@code 10.0.2.15/24} (RFC 4632).
 *
 * @param address the host's address
 * @param length how many leading bits are common to all hosts of the link, 1 to 32
 */
public record Ipv4Prefix(Ipv4Address address, int length) {
    /** Checks that this can be a host's. */
    public Ipv4Prefix {
        if (length < 1 || length > 32) {
            throw new IllegalArgumentException("a prefix length lies within 1 and 32, not " + length);
        }
        int bits = address.bits();
        int host = length == 32 ? 0 : bits & (-1 >>> length);
        if (bits >>> 24 == 0 || bits >>> 24 == 127 || bits >>> 28 >= 0xe) {
            throw new IllegalArgumentException("not the address of a host on a link: " + address);
        }
        if (length <= 30 && (host == 0 || host == -1 >>> length)) {
            throw new IllegalArgumentException(address + "/" + length + " is a network's address, not a host's");
        }
    }

    /**
     * Parses an address, a slash, a prefix length.
     *
     * @throws IllegalArgumentException if the text is anything else, or cannot be a host's
     */
    public static Ipv4Prefix parse(String text) {
        int slash = text.indexOf('/');
        String length = text.substring(slash + 1);
        if (slash < 0
                || length.isEmpty()
                || length.length() > 2
                || !length.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("not an address with its prefix length: " + text);
        }
        return new Ipv4Prefix(Ipv4Address.parse(text.substring(0, slash)), Integer.parseInt(length));
    }

    /** Whether an address lies on the same link. */
    public boolean contains(Ipv4Address other) {
        return ((other.bits() ^ address.bits()) & (-1 << (32 - length))) == 0;
    }

    /** The address, a slash, the length. */
    @Override
    public String toString() {
        return address + "/" + length;
    }
}
