package io.uk4j.example.hellohttp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class NumberedLinesTest {
    @Test
    void numbersEveryLine() throws IOException {
        for (int bytes : new int[] {0, 1, 16, 17, 15_999, 16_000, 64_000, 64_001, 3_000_005}) {
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            NumberedLines.write(bytes, output);
            StringBuilder expected = new StringBuilder();
            for (int line = 0; expected.length() < bytes; line++) {
                String digits = Integer.toString(line);
                expected.append("0".repeat(15 - digits.length())).append(digits).append('\n');
            }
            assertEquals(expected.substring(0, bytes), output.toString(StandardCharsets.US_ASCII));
        }
    }

    @Test
    void carriesIntoHigherDigits() throws IOException {
        long lines = 12_000_000;
        byte[] tail = new byte[16];
        NumberedLines.write(lines * 16, new OutputStream() {
            @Override
            public void write(int b) {
                throw new AssertionError("writes whole blocks");
            }

            @Override
            public void write(byte[] source, int offset, int length) {
                System.arraycopy(source, offset + length - 16, tail, 0, 16);
            }
        });
        assertEquals("000000011999999\n", new String(tail, StandardCharsets.US_ASCII));
    }

    @Test
    void readsSizes() {
        assertEquals(0, NumberedLines.tryParseSize("0"));
        assertEquals(1536, NumberedLines.tryParseSize("1536"));
        assertEquals(64 << 10, NumberedLines.tryParseSize("64K"));
        assertEquals(3L << 30, NumberedLines.tryParseSize("3G"));
        assertEquals(1L << 50, NumberedLines.tryParseSize("1024T"));
        for (String none : new String[] {"", "K", "-1", "1.5", "1k", "1KK", "1025T", "9999999999999999", "+1"}) {
            assertEquals(-1, NumberedLines.tryParseSize(none), none);
        }
    }
}
