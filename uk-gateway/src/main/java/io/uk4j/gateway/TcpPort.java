package io.uk4j.gateway;

import io.uk4j.core.EventLoop;
import io.uk4j.core.Timer;
import io.uk4j.net.tcpip.Endpoint;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A TCP port of the host that leads to the guest. */
final class TcpPort implements HostSocket, AutoCloseable {
    private static final int ACCEPTS_PER_TURN = 64;

    /** How long to wait when the host could give no socket, mostly for want of file descriptors. */
    private static final long PAUSE_NS = 100_000_000L;

    private final ServerSocketChannel channel;
    private final SelectionKey key;
    private final TcpRelays relays;
    private final Endpoint guest;
    private final EventLoop loop;
    private final Timer pause;

    TcpPort(ServerSocketChannel channel, TcpRelays relays, EventLoop loop, Endpoint guest) throws IOException {
        this.channel = channel;
        this.relays = relays;
        this.loop = loop;
        this.guest = guest;
        key = relays.sockets().register(channel, SelectionKey.OP_ACCEPT, this);
        pause = loop.newTimer(this::resume);
    }

    @Override
    public void ready(int ops) {
        for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
            SocketChannel host = tryAccept();
            if (host == null) {
                return;
            }
            relays.accepted(host, guest);
        }
    }

    private @Nullable SocketChannel tryAccept() {
        try {
            return channel.accept();
        } catch (IOException _) {
            relays.counters().refusedNoSocket.increment();
            key.interestOps(0);
            pause.schedule(loop.clock().nowNs() + PAUSE_NS);
            return null;
        }
    }

    private void resume() {
        if (key.isValid()) {
            key.interestOps(SelectionKey.OP_ACCEPT);
        }
    }

    @Override
    public void close() throws IOException {
        pause.cancel();
        channel.close();
    }
}
