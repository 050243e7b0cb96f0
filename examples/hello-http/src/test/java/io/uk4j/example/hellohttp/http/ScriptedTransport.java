package io.uk4j.example.hellohttp.http;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A client that sends given pieces, one for each read, and then ends its stream or falls silent. Time passes only here. */
final class ScriptedTransport implements Transport {
    private final byte[][] pieces;
    private final ByteArrayOutputStream answers = new ByteArrayOutputStream();
    private boolean fallsSilent;
    private long pieceNs;
    private long nowNs;
    private long timeoutNs = Long.MAX_VALUE;
    private int next;
    private ByteArrayInputStream piece = new ByteArrayInputStream(new byte[0]);
    private boolean outputEnded;

    ScriptedTransport(byte[]... pieces) {
        this.pieces = Arrays.stream(pieces).filter(bytes -> bytes.length > 0).toArray(byte[][]::new);
    }

    static ScriptedTransport of(String... pieces) {
        byte[][] bytes = new byte[pieces.length][];
        for (int i = 0; i < pieces.length; i++) {
            bytes[i] = pieces[i].getBytes(StandardCharsets.ISO_8859_1);
        }
        return new ScriptedTransport(bytes);
    }

    /** Sends nothing more after the last piece, and does not end its stream either. */
    ScriptedTransport thenSilence() {
        fallsSilent = true;
        return this;
    }

    /** Takes so long for each piece. */
    ScriptedTransport eachAfter(long ns) {
        pieceNs = ns;
        return this;
    }

    long nowNs() {
        return nowNs;
    }

    boolean outputEnded() {
        return outputEnded;
    }

    String answers() {
        return answers.toString(StandardCharsets.ISO_8859_1);
    }

    byte[] answerBytes() {
        return answers.toByteArray();
    }

    @Override
    public InputStream input() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                if (piece.available() == 0) {
                    awaitPiece();
                }
                return piece.read(target, offset, length);
            }
        };
    }

    private void awaitPiece() throws IOException {
        boolean more = next < pieces.length;
        long waitNs = more ? pieceNs : fallsSilent ? Long.MAX_VALUE : 0;
        if (waitNs > timeoutNs) {
            nowNs += timeoutNs;
            throw new SocketTimeoutException("nothing came");
        }
        nowNs += waitNs;
        if (more) {
            piece = new ByteArrayInputStream(pieces[next++]);
        }
    }

    @Override
    public OutputStream output() {
        return answers;
    }

    @Override
    public void readTimeoutNs(long ns) {
        timeoutNs = ns;
    }

    @Override
    public void shutdownOutput() {
        outputEnded = true;
    }
}
