package io.uk4j.vhost.user;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.ConfigException;
import io.uk4j.virtio.VirtioTransport;

/** What both providers do alike. */
final class Devices {
    private Devices() {}

    static VirtioTransport transport(DeviceContext context, String path, LocalConfig local) {
        requirePath("vhost-user", path);
        long timeoutNs = context.config().get(VhostUserKeys.TIMEOUT).toNanos();
        return new VhostUserTransport(path, local, context.platform().pages(), timeoutNs);
    }

    /** The last part of a path, without what follows a dot: a short name. */
    static String name(String path) {
        String last = path.substring(path.lastIndexOf('/') + 1);
        int dot = last.indexOf('.', 1);
        return last.isEmpty() ? "vhost" : dot < 0 ? last : last.substring(0, dot);
    }

    static void requirePath(String scheme, String path) {
        if (path.isEmpty()) {
            throw new ConfigException(
                    scheme + ": does not name a socket.",
                    scheme + ":PATH, where PATH is the socket at which the back end listens.",
                    scheme + ":/run/device.sock");
        }
    }
}
