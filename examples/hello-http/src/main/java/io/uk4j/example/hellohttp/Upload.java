package io.uk4j.example.hellohttp;

import io.uk4j.example.hellohttp.http.Handler;
import io.uk4j.example.hellohttp.http.Request;
import io.uk4j.example.hellohttp.http.Response;
import io.uk4j.example.hellohttp.http.Status;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Takes content of any size, keeps none of it, and answers how much it was and its SHA-256. */
final class Upload implements Handler {
    private static final int PIECE_BYTES = 32 * 1024;

    @Override
    public void handle(Request request, Response response) throws IOException {
        MessageDigest digest = sha256();
        byte[] piece = new byte[PIECE_BYTES];
        long bytes = 0;
        for (int count = request.body().read(piece);
                count >= 0;
                count = request.body().read(piece)) {
            digest.update(piece, 0, count);
            bytes += count;
        }
        response.send(Status.OK, Router.PLAIN, bytes + " " + HexFormat.of().formatHex(digest.digest()) + "\n");
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JDK has SHA-256.", e);
        }
    }
}
