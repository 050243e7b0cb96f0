package io.uk4j.net.tcpip;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/**
 * A TCP connection as a pair of blocking streams of bytes, for a fiber or any other thread. A fiber that the stack's loop
 * carries works in place; another thread's calls are handed to the loop. A thread that waits holds up nobody else.
 *
 * <p>Bytes are copied once on the way in and once on the way out; who wants none copied uses {@link TcpConnection}.
 *
 * <p>Every method but the accessors throws a {@link TcpException}: with {@link TcpException.Condition#RESET}, {@link
 * TcpException.Condition#TIMED_OUT} or {@link TcpException.Condition#UNREACHABLE} if the connection was lost, with {@link
 * TcpException.Condition#CLOSED} if this side has closed it, before or while the caller waits, with {@link
 * TcpException.Condition#INTERRUPTED} if the caller is interrupted; and {@link io.uk4j.sched.LoopEndedException} if the loop
 * has ended. None may be called by a callback on the loop, where nobody can wait.
 *
 * <p>Thread rule: shared. One thread reads at a time and one writes; others wait for their turn.
 */
public interface TcpStream extends AutoCloseable {
    /** This end. */
    Endpoint local();

    /** The far end. */
    Endpoint remote();

    /**
     * Reads what there is, and waits until there is something.
     *
     * @return how many bytes were read, more than 0 unless {@code length} is 0; -1 at the end of the peer's stream
     * @throws TcpException also with {@link TcpException.Condition#TIMED_OUT} if nothing came within the {@link #readTimeout};
     *     the stream can still be used
     * @throws IndexOutOfBoundsException if the range does not lie in the array
     */
    int read(byte[] target, int offset, int length);

    /**
     * Writes all of the bytes into the send queue, and waits for space. They are sent without further ado; there is nothing
     * to flush.
     *
     * @throws TcpException also with {@link TcpException.Condition#TIMED_OUT} if no space came within the {@link #writeTimeout}:
     *     some of the bytes may be written, so that all that can be done is to close the stream
     * @throws IndexOutOfBoundsException if the range does not lie in the array
     */
    void write(byte[] source, int offset, int length);

    /**
     * Bounds the wait of later reads.
     *
     * @param timeout zero, the value at first, for as long as it takes
     */
    void readTimeout(Duration timeout);

    /**
     * Bounds how long later writes wait without getting on: a peer that answers but never reads holds its writer no longer.
     *
     * @param timeout zero, the value at first, for as long as it takes
     */
    void writeTimeout(Duration timeout);

    /** Ends this side's stream; the peer reads the end once it has read everything. */
    void shutdownOutput();

    /** The connection's state and figures. */
    TcpInfo info();

    /** This stream's reading side; its failures are {@link java.io.IOException}s, and closing it closes the stream. */
    InputStream input();

    /** This stream's writing side; its failures are {@link java.io.IOException}s, and closing it closes the stream. */
    OutputStream output();

    /**
     * Closes the connection both ways, as {@link TcpConnection#close} does; what was written is still sent. A thread that
     * waits in this stream is woken and gets {@link TcpException.Condition#CLOSED}. Closing twice has no further effect.
     */
    @Override
    void close();
}
