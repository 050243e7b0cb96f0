package io.uk4j.example.hellohttp.http;

/**
 * What one connection may cost. Each limit has an answer that the client gets when it is passed.
 *
 * @param requestLineBytes the request line; over it 414, or 501 where even the method does not end
 * @param headerBytes all field lines of a request together, and again all trailer lines; over it 431
 * @param headerCount how many field lines; over it 431
 * @param bodyBytes a request's content; over it 413
 * @param chunkExtensionBytes all chunk extensions of one request together; over it 400. They carry nothing that this server
 *     uses, and without a limit they would be a way to keep it busy for free
 * @param drainBytes how much of a request that a handler did not read is read for it, to keep the connection; over it the
 *     connection is closed
 * @param idleNs how long a connection may stay without a request; then it is closed
 * @param headNs how long a request may take from its first byte to the end of its header; over it 408
 * @param bodyNs how long a request's content may pause; over it 408
 * @param bodyBytesPerSecond the rate below which a request's content uses up its pause; over it 408
 * @param lingerNs how long a closed connection waits for the client to close too, so that the last answer is not lost to a
 *     reset (RFC 9112, section 9.6)
 */
public record Limits(
        int requestLineBytes,
        int headerBytes,
        int headerCount,
        long bodyBytes,
        int chunkExtensionBytes,
        int drainBytes,
        long idleNs,
        long headNs,
        long bodyNs,
        int bodyBytesPerSecond,
        long lingerNs) {
    private static final long SECOND_NS = 1_000_000_000L;

    /** What suits most: 8 KiB of request line, 16 KiB and 100 lines of header, 64 GiB of content, idle for one minute. */
    public static final Limits DEFAULT = new Limits(
            8 * 1024,
            16 * 1024,
            100,
            64L << 30,
            16 * 1024,
            256 * 1024,
            60 * SECOND_NS,
            20 * SECOND_NS,
            30 * SECOND_NS,
            1024,
            2 * SECOND_NS);
}
