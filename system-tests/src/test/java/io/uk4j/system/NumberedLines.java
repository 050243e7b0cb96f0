package io.uk4j.system;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The content that hello-http serves under /bytes/, made here a second time and another way. */
final class NumberedLines {
    private NumberedLines() {}

    /** The SHA-256 of its first bytes, in hexadecimal digits. */
    static String sha256(long bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            long left = bytes;
            for (long number = 0; left > 0; number++) {
                byte[] line = String.format("%015d\n", number).getBytes(StandardCharsets.US_ASCII);
                digest.update(line, 0, (int) Math.min(left, line.length));
                left -= line.length;
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
