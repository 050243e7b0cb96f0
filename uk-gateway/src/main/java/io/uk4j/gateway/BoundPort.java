package io.uk4j.gateway;

import io.uk4j.core.DeviceException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;

/**
 * A forward whose port of the host is bound.
 *
 * @param forward what was asked for
 * @param channel a {@link ServerSocketChannel} or a {@link DatagramChannel}, to be closed by whoever has this
 * @param hostPort the port that it is
 */
record BoundPort(Forward forward, NetworkChannel channel, int hostPort) {
    private static final int BACKLOG = 1024;

    /**
     * Binds the host's port.
     *
     * @throws DeviceException if the host refuses; nothing is left open
     */
    static BoundPort open(Forward forward) {
        InetSocketAddress address = new InetSocketAddress(
                HostAddresses.inetAddress(forward.address().bits()), forward.hostPort());
        NetworkChannel opened = null;
        try {
            if (forward.udp()) {
                DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET);
                opened = channel;
                channel.bind(address);
            } else {
                ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.INET);
                opened = channel;
                channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                channel.bind(address, BACKLOG);
            }
            return new BoundPort(forward, opened, port(opened.getLocalAddress()));
        } catch (IOException e) {
            if (opened != null) {
                closeQuietly(opened);
            }
            throw new DeviceException(
                    "The gateway cannot listen on " + (forward.udp() ? "UDP" : "TCP") + " port " + forward.hostPort()
                            + " of the host's address " + forward.address() + ": " + e.getMessage() + ".",
                    "A port has one listener; ports below 1024 may need a privilege; the address is one of the host's.",
                    "another port, such as gateway:0=" + forward.guestPort()
                            + " for any that is free, or 'ss -lntup' to find who has it",
                    e);
        }
    }

    private static int port(SocketAddress address) {
        return ((InetSocketAddress) address).getPort();
    }

    /** Closes the channel, which nobody uses any more. */
    static void closeQuietly(NetworkChannel channel) {
        try {
            channel.close();
        } catch (IOException _) {
            // There is nothing left to lose.
        }
    }

    /** The forward, with the port that it got. */
    @Override
    public String toString() {
        return new Forward(forward.udp(), forward.address(), hostPort, forward.guestPort()).toString();
    }
}
