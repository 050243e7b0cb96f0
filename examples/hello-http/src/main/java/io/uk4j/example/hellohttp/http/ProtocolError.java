package io.uk4j.example.hellohttp.http;

/** The client broke the protocol or a limit. It gets the status with the reason, and the connection is closed. */
public final class ProtocolError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;

    ProtocolError(int status, String reason) {
        // Thrown at the will of a peer, so it must cost little: no stack trace.
        super(reason, null, false, false);
        this.status = status;
    }

    static ProtocolError badRequest(String reason) {
        return new ProtocolError(Status.BAD_REQUEST, reason);
    }

    /** The status code to answer with. */
    public int status() {
        return status;
    }

    /** What was wrong, one sentence. */
    public String reason() {
        return String.valueOf(getMessage());
    }
}
