package io.uk4j.gateway;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.SegmentConsumer;
import io.uk4j.net.tcpip.TcpCloseReason;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpHandler;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * A connection of the host and one of the guest, each of which gets what the other sends: bytes, ends and resets. Nothing
 * is kept here: where one side takes no more, the other is not read, and its own flow control does the rest. Bytes go
 * between the socket and the pool's buffers without a copy in between.
 */
final class TcpRelay implements TcpHandler, HostSocket, SegmentConsumer {
    /** Reads of one socket before it is another one's turn. */
    private static final int READS_PER_TURN = 8;

    private static final byte[] ONE_BYTE = new byte[1];

    /** The neighbours in the list of relays whose host takes nothing. */
    @Nullable
    TcpRelay previous;

    @Nullable
    TcpRelay next;

    /** Since when the host takes nothing, if it is in that list. */
    long stalledSinceNs;

    boolean isStalled;

    private final TcpRelays relays;
    private final SocketChannel host;
    private final SelectionKey key;
    private @Nullable TcpConnection guest;
    private boolean established;
    private boolean hostEnded;
    private boolean hostFailed;
    private boolean hostFull;
    private boolean wantsMemory;
    private int sendLimit;

    TcpRelay(TcpRelays relays, SocketChannel host) throws IOException {
        this.relays = relays;
        this.host = host;
        host.setOption(StandardSocketOptions.TCP_NODELAY, true);
        key = relays.sockets().register(host, 0, this);
    }

    /** The guest's connection, whose handler this is. */
    void start(TcpConnection connection, int firstOps) {
        guest = connection;
        connection.noDelay(true);
        interest(firstOps, true);
    }

    private TcpConnection guest() {
        TcpConnection connection = guest;
        if (connection == null) {
            throw new IllegalStateException("This relay has no guest yet.");
        }
        return connection;
    }

    private void interest(int op, boolean on) {
        if (key.isValid()) {
            int now = key.interestOps();
            int wanted = on ? now | op : now & ~op;
            if (wanted != now) {
                key.interestOps(wanted);
            }
        }
    }

    // --- the host's side

    @Override
    public void ready(int ops) {
        if ((ops & SelectionKey.OP_CONNECT) != 0) {
            finishConnect();
        }
        if ((ops & SelectionKey.OP_WRITE) != 0) {
            toHost();
        }
        if ((ops & SelectionKey.OP_READ) != 0) {
            toGuest();
        }
    }

    private void finishConnect() {
        try {
            if (host.finishConnect()) {
                interest(SelectionKey.OP_CONNECT, false);
                relays.hostConnected(guest());
            }
        } catch (IOException _) {
            relays.counters().refusedByHost.increment();
            hostFailed();
        }
    }

    /** Reads what the host sent, as far as the guest takes it. */
    private void toGuest() {
        TcpConnection to = guest();
        for (int i = 0; i < READS_PER_TURN && !hostEnded && !hostFailed; i++) {
            int space = to.sendSpace();
            if (space == 0) {
                interest(SelectionKey.OP_READ, false);
                // What is refused is announced: onWritable follows when there is space.
                int _ = to.write(ONE_BYTE, 0, 1);
                return;
            }
            ByteBuf buffer = relays.mayQueue(sendLimit - space) ? relays.tryAcquire() : null;
            if (buffer == null) {
                interest(SelectionKey.OP_READ, false);
                if (!wantsMemory) {
                    wantsMemory = true;
                    relays.sockets().wantsMemory(this);
                }
                return;
            }
            if (!read(to, buffer)) {
                return;
            }
        }
    }

    /** Reads once; returns whether there may be more. */
    private boolean read(TcpConnection to, ByteBuf buffer) {
        int offset = buffer.writerIndex();
        int room = buffer.capacity() - offset;
        int count;
        try {
            count = host.read(buffer.internalNioBuffer(offset, room));
        } catch (IOException _) {
            buffer.release();
            hostFailed();
            return false;
        }
        if (count <= 0 || !to.send(buffer, offset, count)) {
            buffer.release();
        } else {
            relays.counters().bytesToGuest.add(count);
        }
        if (count < 0) {
            hostEnded = true;
            interest(SelectionKey.OP_READ, false);
            to.shutdownOutput();
        }
        return count == room;
    }

    @Override
    public boolean memoryIsBack() {
        if (key.isValid() && !relays.mayQueue(sendLimit - guest().sendSpace())) {
            return false;
        }
        wantsMemory = false;
        interest(SelectionKey.OP_READ, established && !hostEnded);
        return true;
    }

    private void hostFailed() {
        hostFailed = true;
        guest().abort();
    }

    // --- the guest's side

    @Override
    public void onConnected(TcpConnection connection) {
        established = true;
        sendLimit = connection.sendSpace();
        interest(SelectionKey.OP_READ, true);
    }

    @Override
    public void onReadable(TcpConnection connection) {
        if (!hostFull) {
            toHost();
        }
    }

    /** Writes what the guest sent, as far as the host takes it. */
    private void toHost() {
        hostFull = false;
        int count = guest().receive(this);
        relays.counters().bytesToHost.add(count);
        if (hostFailed) {
            guest().abort();
            return;
        }
        interest(SelectionKey.OP_WRITE, hostFull);
        if (isStalled && (count > 0 || !hostFull)) {
            relays.progressed(this);
        }
        if (hostFull && !isStalled) {
            relays.stalled(this);
        }
    }

    @Override
    public int consume(ByteBuf buffer, int offset, int length) {
        try {
            int count = host.write(buffer.internalNioBuffer(offset, length));
            hostFull = count < length;
            return count;
        } catch (IOException _) {
            hostFailed = true;
            return 0;
        }
    }

    @Override
    public void onWritable(TcpConnection connection) {
        interest(SelectionKey.OP_READ, !hostEnded && !wantsMemory);
    }

    @Override
    public void onPeerClosed(TcpConnection connection) {
        try {
            host.shutdownOutput();
        } catch (IOException _) {
            hostFailed();
        }
    }

    @Override
    public void onClosed(TcpConnection connection, TcpCloseReason reason) {
        if (reason == TcpCloseReason.REFUSED) {
            relays.counters().refusedByGuest.increment();
        }
        if (isStalled) {
            relays.progressed(this);
        }
        relays.ended(host, reason == TcpCloseReason.NORMAL);
    }

    /** The host takes nothing, and its memory is wanted. */
    void giveUp() {
        guest().abort();
    }
}
