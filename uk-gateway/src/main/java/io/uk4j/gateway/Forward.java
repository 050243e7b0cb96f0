package io.uk4j.gateway;

import io.uk4j.core.config.ConfigException;
import io.uk4j.net.tcpip.Ipv4Address;
import java.util.ArrayList;
import java.util.List;

/**
 * A port of the host that leads to a port of the guest.
 *
 * @param udp whether UDP, else TCP
 * @param address where the host listens, as bits
 * @param hostPort the host's port, 0 for any that is free
 * @param guestPort the guest's port
 */
record Forward(boolean udp, Ipv4Address address, int hostPort, int guestPort) {
    static final String USAGE = "gateway:[tcp:|udp:][ADDRESS:]HOSTPORT=PORT,...";

    private static final Ipv4Address LOOPBACK = new Ipv4Address(0x7f000001);
    private static final int LIMIT = 256;

    /**
     * Reads what follows {@code gateway:}.
     *
     * @throws ConfigException if it is not a list of forwards
     */
    static List<Forward> parseAll(String spec) {
        List<Forward> forwards = new ArrayList<>();
        if (spec.isBlank()) {
            return forwards;
        }
        for (String part : spec.split(",", -1)) {
            if (forwards.size() == LIMIT) {
                throw wrong(spec, "there are more than " + LIMIT);
            }
            forwards.add(parse(part.strip()));
        }
        return forwards;
    }

    private static Forward parse(String text) {
        boolean udp = text.startsWith("udp:");
        String rest = udp || text.startsWith("tcp:") ? text.substring(4) : text;
        int equals = rest.indexOf('=');
        if (equals < 0) {
            throw wrong(text, "there is no '='");
        }
        int colon = rest.lastIndexOf(':', equals);
        try {
            return new Forward(
                    udp,
                    colon < 0 ? LOOPBACK : Ipv4Address.parse(rest.substring(0, colon)),
                    port(rest.substring(colon + 1, equals), 0),
                    port(rest.substring(equals + 1), 1));
        } catch (IllegalArgumentException e) {
            throw wrong(text, String.valueOf(e.getMessage()));
        }
    }

    private static int port(String text, int min) {
        boolean digits = !text.isEmpty() && text.length() <= 5 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        int port = digits ? Integer.parseInt(text) : -1;
        if (port < min || port > 65_535) {
            throw new IllegalArgumentException("not a port from " + min + " to 65535: '" + text + "'");
        }
        return port;
    }

    private static ConfigException wrong(String text, String why) {
        return new ConfigException(
                "uk.net.device=gateway:... cannot forward '" + text + "': " + why + ".",
                "Forwards are [tcp:|udp:][ADDRESS:]HOSTPORT=PORT with commas between; ADDRESS is one of the host's, "
                        + "127.0.0.1 unless given; HOSTPORT 0 takes any that is free.",
                "uk.net.device=gateway:8080=80");
    }

    /** As it was written, with nothing left out. */
    @Override
    public String toString() {
        return (udp ? "udp:" : "tcp:") + address + ":" + hostPort + "=" + guestPort;
    }
}
