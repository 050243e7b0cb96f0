package io.uk4j.example.inetd;

import io.netty.buffer.ByteBuf;

/** The pattern of RFC 864: lines of 72 of the 95 printable characters, each line beginning one character later. */
final class CharacterLines {
    static final int LINE_BYTES = 74;
    static final int LINES = 95;

    /** One round; the pattern repeats after it. */
    static final int ROUND_BYTES = LINE_BYTES * LINES;

    private CharacterLines() {}

    /** The character that stands at {@code index} of the pattern. */
    static int at(int index) {
        int column = index % LINE_BYTES;
        return switch (column) {
            case LINE_BYTES - 2 -> '\r';
            case LINE_BYTES - 1 -> '\n';
            default -> ' ' + (index / LINE_BYTES + column) % LINES;
        };
    }

    /** Writes {@code bytes} of the pattern. */
    static void write(ByteBuf target, int bytes) {
        for (int i = 0; i < bytes; i++) {
            target.writeByte(at(i));
        }
    }
}
