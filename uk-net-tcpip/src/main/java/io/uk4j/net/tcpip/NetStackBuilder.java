package io.uk4j.net.tcpip;

import io.uk4j.core.BufferPool;
import io.uk4j.core.EntropySource;
import io.uk4j.core.EventLoop;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.Counters;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.NetDevice;
import io.uk4j.net.tcpip.tcp.TcpKeys;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link NetStack}.
 *
 * <p>Thread rule: used by the thread that the loop belongs to.
 */
public final class NetStackBuilder {
    /** Room for an Ethernet header and the longest IPv4 header. */
    static final int MIN_HEADROOM_BYTES = 14 + 60;

    final EventLoop loop;
    final NetDevice device;
    final BufferPool pool;
    Counters counters = new MetricRegistry();
    Ipv4Address gateway = Ipv4Address.ANY;
    Config config = Configs.builder().keys(TcpKeys.all()).build();

    @Nullable
    Interceptor interceptor;

    private @Nullable EntropySource entropy;
    private @Nullable Ipv4Prefix address;

    NetStackBuilder(EventLoop loop, NetDevice device, BufferPool pool) {
        this.loop = loop;
        this.device = device;
        this.pool = pool;
    }

    /**
     * The host's address and the link's prefix. Has to be set.
     *
     * @return this
     */
    public NetStackBuilder address(Ipv4Prefix newAddress) {
        address = newAddress;
        return this;
    }

    /**
     * The router to other links; without one, only hosts of this link can be reached.
     *
     * @return this
     */
    public NetStackBuilder gateway(Ipv4Address newGateway) {
        gateway = newGateway;
        return this;
    }

    /**
     * The platform's randomness, for secrets, ports and identifications. Has to be set.
     *
     * @return this
     */
    public NetStackBuilder entropy(EntropySource newEntropy) {
        entropy = newEntropy;
        return this;
    }

    /**
     * Where TCP's limits and times come from, which are keys under {@code uk.tcp}; their defaults unless set.
     *
     * @param newConfig knows the keys of this module
     * @return this
     */
    public NetStackBuilder config(Config newConfig) {
        config = newConfig;
        return this;
    }

    /**
     * Where the stack's counters hang; in a registry that nobody sees unless set.
     *
     * @return this
     */
    public NetStackBuilder counters(Counters newCounters) {
        counters = newCounters;
        return this;
    }

    /**
     * Makes the stack transparent, see {@link Interceptor}; it is an ordinary host unless set.
     *
     * @return this
     */
    public NetStackBuilder interceptor(Interceptor newInterceptor) {
        interceptor = newInterceptor;
        return this;
    }

    /**
     * Builds the stack and adds it to the loop: it announces its address, receives, and owns the device from now on.
     *
     * @throws IllegalStateException if address or entropy are not set
     * @throws IllegalArgumentException if the gateway is not another host of the link, or the pool has too little headroom
     */
    public NetStack build() {
        if (address == null || entropy == null) {
            throw new IllegalStateException("A stack needs an address and a source of entropy.");
        }
        if (!gateway.equals(Ipv4Address.ANY) && (!address.contains(gateway) || gateway.equals(address.address()))) {
            throw new IllegalArgumentException("The gateway " + gateway + " is not another host of " + address + ".");
        }
        if (pool.headroomBytes() < MIN_HEADROOM_BYTES) {
            throw new IllegalArgumentException("The pool's headroom of " + pool.headroomBytes() + " bytes is less than "
                    + MIN_HEADROOM_BYTES + ".");
        }
        NetStack stack = new NetStack(this, address, entropy);
        stack.start();
        return stack;
    }
}
