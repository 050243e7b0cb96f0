package io.uk4j.system;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What hello-http promises to send for /bytes/N: lines of 15 digits, each its own number from 0 on. Made here another way,
 * by counting on in the digits themselves.
 */
final class ServedBytes {
    private static final int LINE_BYTES = 16;
    private static final int LINES = 1024;

    private static final Map<Long, String> KNOWN = new ConcurrentHashMap<>();

    private ServedBytes() {}

    /** The SHA-256 of the first bytes, in hexadecimal digits. */
    static String sha256(long bytes) {
        return KNOWN.computeIfAbsent(bytes, _ -> digestOfWriting(bytes, OutputStream.nullOutputStream()));
    }

    /** Writes the first bytes to a new file. */
    static void write(long bytes, Path file) {
        try (OutputStream output = new BufferedOutputStream(Files.newOutputStream(file))) {
            KNOWN.put(bytes, digestOfWriting(bytes, output));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The SHA-256 of any text, in hexadecimal digits. */
    static String sha256(String text) {
        return HexFormat.of().formatHex(newDigest().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String digestOfWriting(long bytes, OutputStream output) {
        MessageDigest digest = newDigest();
        DigestOutputStream both = new DigestOutputStream(output, digest);
        byte[] line = "000000000000000\n".getBytes(StandardCharsets.US_ASCII);
        byte[] lines = new byte[LINES * LINE_BYTES];
        try {
            for (long left = bytes; left > 0; left -= lines.length) {
                for (int at = 0; at < lines.length; at += LINE_BYTES) {
                    System.arraycopy(line, 0, lines, at, LINE_BYTES);
                    countOn(line);
                }
                both.write(lines, 0, (int) Math.min(left, lines.length));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void countOn(byte[] line) {
        int digit = LINE_BYTES - 2;
        while (line[digit] == '9') {
            line[digit--] = '0';
        }
        line[digit]++;
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
