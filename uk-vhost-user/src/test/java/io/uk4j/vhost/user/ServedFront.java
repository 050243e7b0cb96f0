package io.uk4j.vhost.user;

import io.uk4j.core.WaitSource;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;

/** A front end whose back end answers while it is being closed, as one in another process would. */
record ServedFront(NetDevice front, NetDevice back) implements NetDevice {
    @Override
    public NetDeviceInfo info() {
        return front.info();
    }

    @Override
    public WaitSource source() {
        return front.source();
    }

    @Override
    public int poll(FrameBatch into) {
        return front.poll(into);
    }

    @Override
    public int offer(FrameBatch from) {
        return front.offer(from);
    }

    @Override
    public void flush() {
        front.flush();
    }

    @Override
    public boolean arm() {
        return front.arm();
    }

    @Override
    public long nextDeadlineNs() {
        return front.nextDeadlineNs();
    }

    @Override
    public void close() {
        try (NetPair.Serving _ = new NetPair.Serving(back)) {
            front.close();
        }
    }
}
