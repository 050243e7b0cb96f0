package io.uk4j.maven.image;

import java.util.Locale;

/** Sizes as people read them, and as they write them. */
public final class Sizes {
    private static final long KIB = 1L << 10;
    private static final long MIB = 1L << 20;
    private static final double MB = 1e6;
    private static final double KB = 1e3;

    private Sizes() {}

    /** Bytes as a text: kB below one MB, else MB, of 1000 and 1,000,000 bytes. */
    public static String text(long bytes) {
        return bytes < MB
                ? String.format(Locale.ROOT, "%.1f kB", bytes / KB)
                : String.format(Locale.ROOT, "%.1f MB", bytes / MB);
    }

    /** Whole MiB, rounded up, as QEMU takes them: {@code 96M}. */
    public static String mebibytes(long bytes) {
        return (bytes + MIB - 1) / MIB + "M";
    }

    /**
     * Reads a size.
     *
     * @param text a number with K, M or G behind it, binary, or Ki, Mi, Gi; without, bytes
     * @return bytes
     * @throws IllegalArgumentException if it is none
     */
    public static long parse(String text) {
        String digits = text.strip().replaceFirst("(?i)[KMG]i?$", "");
        if (!digits.matches("[0-9]{1,12}")) {
            throw new IllegalArgumentException("not a size");
        }
        String unit = text.strip().substring(digits.length()).toUpperCase(Locale.ROOT);
        long factor = unit.startsWith("K") ? KIB : unit.startsWith("M") ? MIB : unit.startsWith("G") ? KIB * MIB : 1;
        return Math.multiplyExact(Long.parseLong(digits), factor);
    }
}
