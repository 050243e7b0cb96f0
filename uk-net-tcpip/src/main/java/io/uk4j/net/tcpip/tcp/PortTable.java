package io.uk4j.net.tcpip.tcp;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Listeners by port, found in two steps; at a port there is one for every address, or some for one address each. */
final class PortTable {
    private final @Nullable Listener[][] pages = new Listener[256][];
    private int size;

    int size() {
        return size;
    }

    @Nullable
    Listener find(int address, int port) {
        @Nullable Listener[] page = pages[port >>> 8];
        Listener listener = page == null ? null : page[port & 0xff];
        while (listener != null && listener.address != 0 && listener.address != address) {
            listener = listener.nextAtPort;
        }
        return listener;
    }

    /** Whether a listener there would be in another's way. */
    boolean isTaken(int address, int port) {
        @Nullable Listener[] page = pages[port >>> 8];
        Listener listener = page == null ? null : page[port & 0xff];
        while (listener != null) {
            if (address == 0 || listener.address == 0 || listener.address == address) {
                return true;
            }
            listener = listener.nextAtPort;
        }
        return false;
    }

    void add(Listener listener) {
        @Nullable Listener[] page = pages[listener.port >>> 8];
        if (page == null) {
            page = new Listener[256];
            pages[listener.port >>> 8] = page;
        }
        listener.nextAtPort = page[listener.port & 0xff];
        page[listener.port & 0xff] = listener;
        size++;
    }

    void remove(Listener listener) {
        @Nullable Listener[] page = pages[listener.port >>> 8];
        if (page == null) {
            return;
        }
        Listener at = page[listener.port & 0xff];
        if (at == listener) {
            page[listener.port & 0xff] = listener.nextAtPort;
            size--;
            return;
        }
        while (at != null) {
            if (at.nextAtPort == listener) {
                at.nextAtPort = listener.nextAtPort;
                size--;
                return;
            }
            at = at.nextAtPort;
        }
    }

    /** Calls back for every listener; it may close it. */
    void forEach(Consumer<Listener> action) {
        for (@Nullable Listener[] page : pages) {
            for (int i = 0; page != null && i < page.length; i++) {
                for (Listener l = page[i]; l != null; ) {
                    Listener following = l.nextAtPort;
                    action.accept(l);
                    l = following;
                }
            }
        }
    }
}
