package io.uk4j.net.tcpip;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import io.uk4j.net.tcpip.tcp.TcpKeys;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The keys of this module.
 *
 * <p>Thread rule: shared.
 */
public final class NetKeys implements KeyProvider {
    /** The host's address and how much of it names the link. */
    public static final Key<Ipv4Prefix> IPV4 = Key.of(
            "uk.net.ipv4",
            "an IPv4 address with prefix length, such as 10.0.2.15/24",
            "this host's address on its link",
            Ipv4Prefix::parse);

    /** The router to other links. */
    public static final Key<Ipv4Address> GATEWAY = Key.of(
            "uk.net.gateway",
            "the IPv4 address of another host on the link, such as 10.0.2.2",
            "the router to other links; without it only hosts of this link can be reached",
            Ipv4Address::parse);

    /** Created by {@link java.util.ServiceLoader}. */
    public NetKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        List<Key<?>> keys = new ArrayList<>(List.of(IPV4, GATEWAY));
        keys.addAll(TcpKeys.all());
        return keys;
    }
}
