package io.uk4j.net.tcpip.ip;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.BufferPool;
import io.uk4j.net.tcpip.wire.Checksum;
import org.jspecify.annotations.Nullable;

/**
 * The payload of one IP packet on its way between the internet layer and a transport, as fragments in plain arrays, with
 * what the IP header said or shall say. There is one object for each direction and stack; its contents are valid for one
 * call.
 *
 * <p>Inbound, fragment 0 begins with the transport header, which lies within that fragment as a whole if the packet is
 * long enough. The transport takes the buffers that it wants to keep by {@link #take}; the rest is released after the
 * call. Outbound, the transport hands over one reference for each fragment, and fragment 0 has {@link #HEADROOM} bytes
 * free in front for the headers below.
 *
 * <p>Thread rule: loop-owned.
 */
public final class Packet {
    /** How many fragments a packet may have: 65,535 bytes as IP fragments of 1,500 bytes are 45, and there is some slack. */
    public static final int MAX_FRAGMENTS = 48;

    /** Bytes in front of an outbound packet's first fragment: an Ethernet header and an IPv4 header without options. */
    public static final int HEADROOM = 14 + 20;

    /** Where it comes from, as {@link io.uk4j.net.tcpip.Ipv4Address#bits}. */
    public int source;

    /** Where it goes to, as {@link io.uk4j.net.tcpip.Ipv4Address#bits}. */
    public int destination;

    /** The transport's number (IANA protocol numbers): 1 ICMP, 6 TCP, 17 UDP. */
    public int protocol;

    /** The whole octet that RFC 2474 and RFC 3168 split into DSCP and ECN. */
    public int trafficClass;

    /** Time to live; outbound, 0 takes the stack's default. */
    public int ttl;

    /** Outbound: whether routers may not fragment it. */
    public boolean dontFragment;

    /** Inbound: length of the IP header, which lies right before fragment 0 in its buffer. */
    public int networkHeaderBytes;

    /** Inbound: whether it was sent to everybody on the link. Only a transport that takes broadcasts ever sees one. */
    public boolean broadcast;

    /** Inbound: whether the transport checksum was verified below, or never computed as the packet did not leave the host. */
    public boolean checksumValid;

    /**
     * Outbound: where in the transport header the checksum is stored, or -1 for none. The transport stores the folded, not
     * complemented, sum of the pseudo header there; the internet layer leaves the rest to the device or completes it.
     */
    public int checksumOffset;

    /** Outbound: payload bytes of each segment that the device shall cut, or 0. Inbound: those of each that was put together below, or 0. */
    public int gsoSize;

    /** Outbound: length of the transport header in bytes. */
    public int transportHeaderBytes;

    private final @Nullable ByteBuf[] buffers = new ByteBuf[MAX_FRAGMENTS];
    private final int[] offsets = new int[MAX_FRAGMENTS];
    private final int[] lengths = new int[MAX_FRAGMENTS];
    private int fragments;
    private int bytes;

    /** Forgets the last packet; all its references must be gone by now. */
    public void reset() {
        for (int i = 0; i < fragments; i++) {
            buffers[i] = null;
        }
        fragments = 0;
        bytes = 0;
        source = 0;
        destination = 0;
        protocol = 0;
        trafficClass = 0;
        ttl = 0;
        dontFragment = true;
        networkHeaderBytes = 0;
        broadcast = false;
        checksumValid = false;
        checksumOffset = -1;
        gsoSize = 0;
        transportHeaderBytes = 0;
    }

    /**
     * Appends a fragment.
     *
     * @param buffer one reference moves to the packet
     * @param offset index of the first byte
     * @param length how many bytes, 0 or more
     * @throws IllegalStateException if there are {@link #MAX_FRAGMENTS} already; the reference stays with the caller
     */
    public void append(ByteBuf buffer, int offset, int length) {
        if (fragments == MAX_FRAGMENTS) {
            throw new IllegalStateException("A packet has " + MAX_FRAGMENTS + " fragments at most.");
        }
        buffers[fragments] = buffer;
        offsets[fragments] = offset;
        lengths[fragments] = length;
        fragments++;
        bytes += length;
    }

    /** How many fragments there are. */
    public int fragments() {
        return fragments;
    }

    /** How many bytes there are in all, transport header included. */
    public int bytes() {
        return bytes;
    }

    /** The buffer of a fragment; the packet keeps its reference. */
    public ByteBuf buffer(int fragment) {
        ByteBuf buffer = buffers[fragment];
        if (buffer == null) {
            throw new IndexOutOfBoundsException("There is no fragment " + fragment + ".");
        }
        return buffer;
    }

    /** Where a fragment begins in its buffer. */
    public int offset(int fragment) {
        return offsets[fragment];
    }

    /** How many bytes a fragment has. */
    public int length(int fragment) {
        return lengths[fragment];
    }

    /** The partial sum ({@link Checksum}) of all bytes. */
    public long sum() {
        long sum = 0;
        int position = 0;
        for (int i = 0; i < fragments; i++) {
            sum = Checksum.addAt(sum, position, buffer(i), offsets[i], lengths[i]);
            position += lengths[i];
        }
        return sum;
    }

    /** Whether an inbound packet's checksum, taken over pseudo header and all bytes, holds. */
    public boolean checksumHolds() {
        return Checksum.fold(Checksum.pseudoHeader(source, destination, protocol, bytes) + sum()) == 0xffff;
    }

    /**
     * Lets fragment 0 begin further in front, where a header is written.
     *
     * @param count how many bytes more fragment 0 begins with
     */
    public void prepend(int count) {
        offsets[0] -= count;
        lengths[0] += count;
        bytes += count;
    }

    /** Cuts off what is at the end; fragments that become empty stay. */
    public void trim(int newBytes) {
        for (int i = fragments - 1; bytes > newBytes; i--) {
            int cut = Math.min(lengths[i], bytes - newBytes);
            lengths[i] -= cut;
            bytes -= cut;
        }
    }

    /** Copies bytes of the packet to a buffer, at absolute indices. */
    public void copyTo(int position, ByteBuf target, int at, int count) {
        int skip = position;
        int done = 0;
        for (int i = 0; done < count; i++) {
            int part = Math.min(lengths[i] - skip, count - done);
            if (part > 0) {
                target.setBytes(at + done, buffer(i), offsets[i] + skip, part);
                done += part;
            }
            skip = Math.max(0, skip - lengths[i]);
        }
    }

    /**
     * Sees to it that the first bytes of an inbound packet, and its IP header before them, lie in one buffer.
     *
     * @param count how many bytes; a shorter packet is straightened as a whole
     * @param pool where a buffer comes from if one is needed, with headroom for an IP header
     * @return false if the pool had no buffer; the packet is as it was
     */
    boolean straighten(int count, BufferPool pool) {
        int head = Math.min(count, bytes);
        if (fragments > 0 && lengths[0] >= head) {
            return true;
        }
        ByteBuf buffer = pool.tryAcquire(head);
        if (buffer == null) {
            return false;
        }
        int at = buffer.readerIndex();
        buffer.setBytes(at - networkHeaderBytes, buffer(0), offsets[0] - networkHeaderBytes, networkHeaderBytes);
        copyTo(0, buffer, at, head);
        // Fragment 0 was too short, so it is used up and leaves its place to the new buffer.
        int used = 0;
        int skip = head;
        while (used < fragments && lengths[used] <= skip) {
            skip -= lengths[used];
            take(used).release();
            used++;
        }
        int kept = fragments - used;
        System.arraycopy(buffers, used, buffers, 1, kept);
        System.arraycopy(offsets, used, offsets, 1, kept);
        System.arraycopy(lengths, used, lengths, 1, kept);
        for (int i = kept + 1; i < fragments; i++) {
            buffers[i] = null;
        }
        if (kept > 0) {
            offsets[1] += skip;
            lengths[1] -= skip;
        }
        buffers[0] = buffer;
        offsets[0] = at;
        lengths[0] = head;
        fragments = kept + 1;
        return true;
    }

    /** Takes everything from another packet, which is reset. */
    public void moveFrom(Packet other) {
        release();
        reset();
        System.arraycopy(other.buffers, 0, buffers, 0, other.fragments);
        System.arraycopy(other.offsets, 0, offsets, 0, other.fragments);
        System.arraycopy(other.lengths, 0, lengths, 0, other.fragments);
        fragments = other.fragments;
        bytes = other.bytes;
        source = other.source;
        destination = other.destination;
        protocol = other.protocol;
        trafficClass = other.trafficClass;
        ttl = other.ttl;
        dontFragment = other.dontFragment;
        networkHeaderBytes = other.networkHeaderBytes;
        broadcast = other.broadcast;
        checksumValid = other.checksumValid;
        checksumOffset = other.checksumOffset;
        gsoSize = other.gsoSize;
        transportHeaderBytes = other.transportHeaderBytes;
        other.reset();
    }

    /** Takes a fragment's reference out of the packet: it is the caller's now. */
    public ByteBuf take(int fragment) {
        ByteBuf buffer = buffer(fragment);
        buffers[fragment] = null;
        return buffer;
    }

    /** Releases every reference that was not taken, and forgets the packet. */
    public void release() {
        for (int i = 0; i < fragments; i++) {
            ByteBuf buffer = buffers[i];
            if (buffer != null) {
                buffers[i] = null;
                buffer.release();
            }
        }
        fragments = 0;
        bytes = 0;
    }
}
