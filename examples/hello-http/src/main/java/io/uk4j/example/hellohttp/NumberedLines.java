package io.uk4j.example.hellohttp;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Content of any size that anyone can make again: lines of 16 bytes, each its own number in 15 digits. The same comes from
 *
 * <pre>{@code seq -f %015.0f 0 COUNT | head -c BYTES}</pre>
 *
 * <p>No two lines are equal, so a piece that was lost, doubled or put elsewhere changes it.
 */
final class NumberedLines {
    private static final int DIGITS = 15;
    private static final int LINE_BYTES = DIGITS + 1;

    /** A power of ten: within a block only the last digits differ from line to line, and they are the same in each block. */
    private static final int BLOCK_LINES = 1000;

    private static final int BLOCK_DIGITS = 3;
    private static final int BLOCKS = 4;

    private NumberedLines() {}

    /** Writes the first {@code bytes} bytes. Holds {@code 64,000} bytes meanwhile. */
    static void write(long bytes, OutputStream output) throws IOException {
        byte[] lines = "000000000000000\n".repeat(BLOCKS * BLOCK_LINES).getBytes(StandardCharsets.US_ASCII);
        for (int line = 0; line < BLOCKS * BLOCK_LINES; line++) {
            putNumber(lines, line * LINE_BYTES + DIGITS, line);
        }
        long nextBlock = BLOCKS;
        long left = bytes;
        while (left > 0) {
            int count = (int) Math.min(left, lines.length);
            output.write(lines, 0, count);
            left -= count;
            for (int block = 0; block < BLOCKS && left > 0; block++) {
                renumber(lines, block * BLOCK_LINES * LINE_BYTES, nextBlock++);
            }
        }
    }

    /** Gives a block of lines the leading digits {@code number}, touching only the bytes that change. */
    private static void renumber(byte[] lines, int from, long number) {
        int end = from + DIGITS - BLOCK_DIGITS;
        byte[] first = new byte[DIGITS - BLOCK_DIGITS];
        System.arraycopy(lines, from, first, 0, first.length);
        putNumber(lines, end, number);
        int changed = 0;
        while (changed < first.length && lines[from + changed] == first[changed]) {
            changed++;
        }
        for (int line = 1; line < BLOCK_LINES; line++) {
            System.arraycopy(lines, from + changed, lines, from + line * LINE_BYTES + changed, first.length - changed);
        }
    }

    private static void putNumber(byte[] target, int end, long number) {
        long rest = number;
        for (int at = end - 1; rest > 0; at--) {
            target[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }

    /**
     * A size as it stands in a path: a number with K, M, G or T for powers of 1,024, or none.
     *
     * @return -1 if it is none, or over a pebibyte
     */
    static long tryParseSize(String text) {
        int unit = text.isEmpty() ? -1 : "KMGT".indexOf(text.charAt(text.length() - 1));
        String digits = unit < 0 ? text : text.substring(0, text.length() - 1);
        if (digits.isEmpty() || digits.length() > 15 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        long number = Long.parseLong(digits);
        int shift = 10 * (unit + 1);
        return number <= (1L << 50) >> shift ? number << shift : -1;
    }
}
