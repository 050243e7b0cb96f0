package io.uk4j.vhost.user;

import io.uk4j.core.WaitSource;
import io.uk4j.platform.unix.EventDescriptor;
import io.uk4j.virtio.QueueLink;

/** The two event descriptors of one queue, which outlive the connection. */
final class FrontEndLink implements QueueLink, AutoCloseable {
    private final EventDescriptor kick = EventDescriptor.create();
    private final EventDescriptor call = EventDescriptor.create();

    int kickDescriptor() {
        return kick.fd();
    }

    int callDescriptor() {
        return call.fd();
    }

    @Override
    public void kick() {
        kick.signal();
    }

    @Override
    public WaitSource source() {
        return call.source();
    }

    @Override
    public void close() {
        kick.close();
        call.close();
    }
}
