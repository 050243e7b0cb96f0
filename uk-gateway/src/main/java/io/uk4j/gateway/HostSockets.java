package io.uk4j.gateway;

import io.uk4j.core.Duty;
import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.util.ArrayDeque;

/** Lets the host's sockets work when they are ready, in each round of the loop. */
final class HostSockets implements Duty {
    /** Sockets looked at in one round, before the stack has its turn. */
    private static final int ROUND_LIMIT = 256;

    private final SelectorWaiter waiter;
    private final ArrayDeque<HostSocket> wantMemory = new ArrayDeque<>();

    HostSockets(SelectorWaiter waiter) {
        this.waiter = waiter;
    }

    /** Registers a channel in non-blocking mode. */
    SelectionKey register(SelectableChannel channel, int ops, HostSocket socket) throws IOException {
        channel.configureBlocking(false);
        return channel.register(waiter.selector(), ops, socket);
    }

    /** Memory is short: the socket, which must not be waiting already, is asked again in later rounds. */
    void wantsMemory(HostSocket socket) {
        wantMemory.add(socket);
    }

    @Override
    public int poll(long nowNs) {
        int work = 0;
        for (int i = Math.min(wantMemory.size(), ROUND_LIMIT); i > 0; i--) {
            HostSocket socket = wantMemory.remove();
            if (socket.memoryIsBack()) {
                work++;
            } else {
                wantMemory.add(socket);
            }
        }
        waiter.select();
        for (int i = 0; i < ROUND_LIMIT; i++) {
            SelectionKey key = waiter.tryTakeReady();
            if (key == null) {
                break;
            }
            // An earlier one may have closed a later one's socket.
            if (key.isValid()) {
                ((HostSocket) key.attachment()).ready(key.readyOps());
            }
            work++;
        }
        return work;
    }
}
