package io.uk4j.example.inetd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class CharacterLinesTest {
    @Test
    void beginsEachLineOneCharacterLater() {
        ByteBuf buffer = Unpooled.buffer(CharacterLines.ROUND_BYTES);
        CharacterLines.write(buffer, CharacterLines.ROUND_BYTES);
        List<String> lines = List.of(buffer.toString(StandardCharsets.US_ASCII).split("\r\n", -1));
        assertEquals(96, lines.size(), "95 lines, each with its end");
        StringBuilder printable = new StringBuilder();
        for (char c = ' '; c <= '~'; c++) {
            printable.append(c);
        }
        String twice = printable.toString().repeat(2);
        for (int line = 0; line < 95; line++) {
            assertEquals(twice.substring(line, line + 72), lines.get(line));
        }
    }

    @Test
    void repeatsAfterARound() {
        for (int i = 0; i < CharacterLines.ROUND_BYTES; i++) {
            assertEquals(CharacterLines.at(i), CharacterLines.at(i + CharacterLines.ROUND_BYTES));
        }
    }
}
