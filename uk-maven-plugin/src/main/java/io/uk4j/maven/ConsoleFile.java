package io.uk4j.maven;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a machine wrote that nobody watched. */
final class ConsoleFile {
    private static final int SHOWN = 4;

    private ConsoleFile() {}

    /** The end of it in one line, for a message. */
    static String end(Path console) throws IOException {
        List<String> lines = Files.readString(console, StandardCharsets.ISO_8859_1)
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
        return "Its console (" + console + ") ends: "
                + (lines.isEmpty()
                        ? "it said nothing"
                        : String.join(" | ", lines.subList(Math.max(0, lines.size() - SHOWN), lines.size())));
    }
}
