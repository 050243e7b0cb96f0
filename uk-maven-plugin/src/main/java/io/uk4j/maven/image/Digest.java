package io.uk4j.maven.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, in hexadecimal digits. */
public final class Digest {
    private static final int BUFFER_BYTES = 1 << 16;

    private final MessageDigest digest = sha256();

    /** Starts one. */
    public Digest() {}

    /** Adds bytes. */
    public void add(byte[] bytes, int count) {
        digest.update(bytes, 0, count);
    }

    /** Ends it. */
    public String end() {
        return HexFormat.of().formatHex(digest.digest());
    }

    /** That of a text in UTF-8. */
    public static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** That of bytes. */
    public static String of(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    /** That of a file. */
    public static String of(Path file) throws IOException {
        Digest digest = new Digest();
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream from = Files.newInputStream(file)) {
            for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                digest.add(buffer, count);
            }
        }
        return digest.end();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Each JDK has SHA-256.", e);
        }
    }
}
