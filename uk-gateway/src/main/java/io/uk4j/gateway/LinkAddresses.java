package io.uk4j.gateway;

import io.uk4j.core.config.Config;
import io.uk4j.core.config.ConfigException;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.Ipv4Prefix;
import io.uk4j.net.tcpip.NetKeys;
import org.jspecify.annotations.Nullable;

/**
 * Who is who on the link between guest and gateway.
 *
 * @param guest the application's stack
 * @param gateway the gateway's address and the length of the same prefix
 */
record LinkAddresses(Ipv4Address guest, Ipv4Prefix gateway) {
    /**
     * What the configuration says, with a gateway even if it names none.
     *
     * @throws ConfigException if it does not say who the guest is, or if both cannot be on one link
     */
    static LinkAddresses of(Config config) {
        Ipv4Prefix guest = config.find(NetKeys.IPV4).orElse(null);
        if (guest == null) {
            throw wrong(NetKeys.IPV4 + " is not set: the gateway would not know whom it serves.", null);
        }
        Ipv4Address gateway = config.find(NetKeys.GATEWAY).orElseGet(() -> firstOther(guest));
        if (!guest.contains(gateway) || gateway.equals(guest.address())) {
            throw wrong(NetKeys.GATEWAY + "=" + gateway + " is not another host of " + guest + ".", null);
        }
        try {
            return new LinkAddresses(guest.address(), new Ipv4Prefix(gateway, guest.length()));
        } catch (IllegalArgumentException e) {
            throw wrong(NetKeys.GATEWAY + "=" + gateway + ": " + e.getMessage() + ".", e);
        }
    }

    private static Ipv4Address firstOther(Ipv4Prefix guest) {
        int length = guest.length();
        if (length == 32) {
            throw wrong(NetKeys.IPV4 + "=" + guest + " leaves no address for the gateway.", null);
        }
        int network = guest.address().bits() & (-1 << (32 - length));
        int first = length == 31 ? network : network + 1;
        return new Ipv4Address(first == guest.address().bits() ? first + 1 : first);
    }

    private static ConfigException wrong(String what, @Nullable Throwable cause) {
        return new ConfigException(
                what,
                "The guest and the gateway are two hosts of one link of their own, which nobody else sees.",
                NetKeys.IPV4 + "=10.0.2.15/24 and " + NetKeys.GATEWAY + "=10.0.2.2",
                cause);
    }
}
