package io.uk4j.net.tcpip.ip;

import io.uk4j.net.tcpip.wire.Ipv4Header;

/**
 * Who this host is on its link, and what follows for other addresses.
 *
 * @param address this host's address, as bits
 * @param prefixLength how many bits of it name the link, 1 to 32
 * @param gateway the router to everywhere else, or 0 for none
 * @param transparent whether this host stands in for all others: takes the TCP and UDP that is for them, and answers for
 *     their addresses
 */
public record Addressing(int address, int prefixLength, int gateway, boolean transparent) {
    /** An ordinary host. */
    public Addressing(int address, int prefixLength, int gateway) {
        this(address, prefixLength, gateway, false);
    }

    private int mask() {
        return -1 << (32 - prefixLength);
    }

    /** Whether a host of that address would be on this link. */
    public boolean isOnLink(int other) {
        return ((other ^ address) & mask()) == 0;
    }

    /** Whether an address means everybody on this link: all ones, or the prefix and all ones (RFC 919, RFC 922). */
    public boolean isBroadcast(int other) {
        return other == -1 || (prefixLength <= 30 && other == (address | ~mask()));
    }

    /** Whether an address names a group (RFC 1112). */
    public static boolean isMulticast(int other) {
        return other >>> 28 == 0xe;
    }

    /**
     * Whether an address can be that of one other host: not of this network as a whole, not loopback, no group, not
     * reserved, not this host (RFC 1122, section 3.2.1.3).
     */
    public boolean isOtherHost(int other) {
        int first = other >>> 24;
        return first != 0
                && first != 127
                && first < 224
                && other != address
                && !isBroadcast(other)
                && (prefixLength > 30 || other != (address & mask()));
    }

    /** Whether a packet of that protocol is for this host, or for another one that it stands in for. */
    public boolean takes(int destination, int protocol) {
        return destination == address
                || (transparent
                        && (protocol == Ipv4Header.PROTOCOL_TCP || protocol == Ipv4Header.PROTOCOL_UDP)
                        && isOtherHost(destination));
    }

    /**
     * Whether this host answers for an address of the link.
     *
     * @param asker who wants to know; nobody else may answer for that address, nor for any if it is 0 (RFC 5227: a probe)
     */
    public boolean answersFor(int target, int asker) {
        return target == address
                || (transparent && asker != 0 && target != asker && isOtherHost(target) && isOnLink(target));
    }

    /** Where to send what is for that host: to itself, to the gateway, or 0 if there is no way. */
    public int nextHop(int destination) {
        return isOnLink(destination) ? destination : gateway;
    }
}
