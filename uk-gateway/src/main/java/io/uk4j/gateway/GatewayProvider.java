package io.uk4j.gateway;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceProvider;

/**
 * Opens the gateway, a network device that needs no privilege: {@code uk.net.device=gateway:8080=80}. Behind it there is
 * no link but a second stack on a thread of its own, which relays between the guest (the application's stack) and sockets
 * of the host.
 *
 * <ul>
 *   <li>In: each forward {@code [tcp:|udp:][ADDRESS:]HOSTPORT=PORT} of the address, which may be empty, is a port of the
 *       host that leads to a port of the guest. The guest sees the gateway's address as the sender's.
 *   <li>Out: the guest reaches by TCP and UDP whatever the host reaches, at its own address; {@code uk.net.gateway} (such as
 *       10.0.2.2) is the host itself, at its loopback address. A connection is answered when the host's own is
 *       established, and refused when that was.
 *   <li>Echo requests to the gateway's address are answered by the gateway; no other ICMP is relayed,
 *       and neither are multicast and broadcast.
 *   <li>There is no name server in it. One of the host's network is reached at its own address, one on the host's
 *       loopback at the gateway's.
 * </ul>
 *
 * <p>{@code uk.net.ipv4} says who the guest is. Without {@code uk.net.gateway}, the gateway takes the first address of the
 * link that is not the guest's.
 *
 * <p>Bounds: {@link GatewayKeys}. A connection over the limit is reset; a UDP conversation over the limit displaces the one
 * longest unused, and each ends after a minute of silence. Where memory runs short, a client that has taken nothing
 * for seconds is reset.
 *
 * <p>Thread rule: shared.
 */
public final class GatewayProvider implements NetDeviceProvider {
    /** Created by {@link java.util.ServiceLoader}. */
    public GatewayProvider() {}

    @Override
    public String scheme() {
        return "gateway";
    }

    @Override
    public String usage() {
        return Forward.USAGE;
    }

    /**
     * Binds the ports, then starts the gateway's thread.
     *
     * @return a {@link GatewayDevice}
     */
    @Override
    public NetDevice open(DeviceContext context, String address) {
        return Gateway.open(context, Forward.parseAll(address));
    }
}
