package io.uk4j.net.tcpip.ip;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.stats.DropReason;
import org.jspecify.annotations.Nullable;

/**
 * The fragments of one packet that have come so far, in the order of their position. A fragment that was received in
 * several buffers is several pieces here.
 *
 * <p>Thread rule: loop-owned.
 */
final class PartialPacket {
    private static final int UNKNOWN = -1;

    /** Whether this holds, or swallows, the fragments of a packet. */
    boolean used;

    /** Source, identification and protocol, which tell packets to this host apart (RFC 791, section 3.2). */
    long key;

    /** Counts up from packet to packet; deadlines can be equal. */
    long order;

    long deadlineNs;

    /** Fragments overlapped: what was there is released, what still comes is dropped until the deadline. */
    boolean poisoned;

    /** What the pieces' buffers take from the pool. */
    int slotBytes;

    private int destination;
    private boolean broadcast;
    private int trafficClass;
    private int ttl;
    private int firstHeaderBytes;
    private int totalBytes;
    private int receivedBytes;
    private int pieces;
    private final @Nullable ByteBuf[] buffers = new ByteBuf[Packet.MAX_FRAGMENTS];
    private final int[] offsets = new int[Packet.MAX_FRAGMENTS];
    private final int[] lengths = new int[Packet.MAX_FRAGMENTS];
    private final int[] positions = new int[Packet.MAX_FRAGMENTS];

    void begin(long newKey, long newOrder, long newDeadlineNs) {
        used = true;
        order = newOrder;
        key = newKey;
        deadlineNs = newDeadlineNs;
        poisoned = false;
        slotBytes = 0;
        trafficClass = 0;
        ttl = 0;
        firstHeaderBytes = 0;
        totalBytes = UNKNOWN;
        receivedBytes = 0;
        pieces = 0;
    }

    /**
     * Looks whether a fragment fits to those that are there.
     *
     * @return why not, or null
     */
    @Nullable
    DropReason problem(int start, int end, boolean last, int newPieces) {
        if (totalBytes != UNKNOWN && (last ? end != totalBytes : end > totalBytes)) {
            return DropReason.FRAGMENT_OVERLAP;
        }
        if (last && pieces > 0 && end(pieces - 1) > end) {
            return DropReason.FRAGMENT_OVERLAP;
        }
        boolean sameStart = false;
        boolean sameEnd = false;
        boolean overlaps = false;
        for (int i = 0; i < pieces; i++) {
            sameStart |= positions[i] == start;
            sameEnd |= end(i) == end;
            overlaps |= positions[i] < end && start < end(i);
        }
        if (overlaps) {
            // RFC 5722, section 4: overlapping fragments are an attack; the same one twice is only the network's doing.
            return sameStart && sameEnd ? DropReason.FRAGMENT_DUPLICATE : DropReason.FRAGMENT_OVERLAP;
        }
        return pieces + newPieces > Packet.MAX_FRAGMENTS ? DropReason.IP_FRAGMENT_COUNT : null;
    }

    /** Takes all fragments of a packet that {@link #problem} had nothing against. */
    void add(Packet packet, int start, boolean last) {
        int position = start;
        for (int i = 0; i < packet.fragments(); i++) {
            if (packet.length(i) > 0) {
                insert(packet, i, position);
                position += packet.length(i);
            }
        }
        if (last) {
            totalBytes = position;
        }
        if (start == 0) {
            destination = packet.destination;
            broadcast = packet.broadcast;
            ttl = packet.ttl;
            firstHeaderBytes = packet.networkHeaderBytes;
            trafficClass |= packet.trafficClass;
        } else if ((packet.trafficClass & 3) == 3) {
            trafficClass |= 3; // RFC 3168, section 5.3: congestion met by one fragment was met by the packet
        }
    }

    private void insert(Packet packet, int fragment, int position) {
        int at = pieces;
        while (at > 0 && positions[at - 1] > position) {
            buffers[at] = buffers[at - 1];
            offsets[at] = offsets[at - 1];
            lengths[at] = lengths[at - 1];
            positions[at] = positions[at - 1];
            at--;
        }
        offsets[at] = packet.offset(fragment);
        lengths[at] = packet.length(fragment);
        positions[at] = position;
        ByteBuf buffer = packet.take(fragment);
        buffers[at] = buffer;
        slotBytes += buffer.capacity();
        receivedBytes += lengths[at];
        pieces++;
    }

    private int end(int piece) {
        return positions[piece] + lengths[piece];
    }

    boolean isComplete() {
        return receivedBytes == totalBytes;
    }

    /** Whether the first fragment is there, which an error would have to quote. */
    boolean hasFirst() {
        return pieces > 0 && positions[0] == 0;
    }

    /** Moves everything, in order, to a packet, and ends. */
    void moveTo(Packet packet) {
        packet.reset();
        packet.source = (int) (key >>> 32);
        packet.destination = destination;
        packet.protocol = (int) key & 0xff;
        packet.broadcast = broadcast;
        packet.trafficClass = trafficClass;
        packet.ttl = ttl;
        packet.networkHeaderBytes = firstHeaderBytes;
        for (int i = 0; i < pieces; i++) {
            ByteBuf buffer = buffers[i];
            if (buffer != null) {
                buffers[i] = null;
                packet.append(buffer, offsets[i], lengths[i]);
            }
        }
        pieces = 0;
        end();
    }

    /** Releases all pieces; what still comes is swallowed. */
    void poison() {
        releasePieces();
        poisoned = true;
    }

    /** Releases all pieces and ends. */
    void end() {
        releasePieces();
        used = false;
    }

    private void releasePieces() {
        for (int i = 0; i < pieces; i++) {
            ByteBuf buffer = buffers[i];
            if (buffer != null) {
                buffers[i] = null;
                buffer.release();
            }
        }
        pieces = 0;
        slotBytes = 0;
        receivedBytes = 0;
    }
}
