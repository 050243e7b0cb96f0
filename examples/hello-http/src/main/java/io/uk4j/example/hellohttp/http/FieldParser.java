package io.uk4j.example.hellohttp.http;

import java.io.IOException;

/** Takes field lines up to the empty line: those of a header, and those of a trailer (RFC 9112, sections 5 and 7.1.2). */
final class FieldParser {
    private final LineReader lines;
    private final Limits limits;

    FieldParser(LineReader lines, Limits limits) {
        this.lines = lines;
        this.limits = limits;
    }

    Fields parse() throws IOException {
        Fields fields = new Fields();
        int left = limits.headerBytes();
        while (true) {
            if (!lines.tryRead(left)) {
                throw tooLarge();
            }
            if (lines.length() == 0) {
                return fields;
            }
            if (fields.count() == limits.headerCount()) {
                throw tooLarge();
            }
            left -= lines.length();
            addTo(fields, lines.text());
        }
    }

    private static void addTo(Fields fields, String line) {
        if (Chars.isBlank(line.charAt(0))) {
            throw ProtocolError.badRequest("A field line that begins with white space.");
        }
        int colon = line.indexOf(':');
        if (colon < 0) {
            throw ProtocolError.badRequest("A field line without colon.");
        }
        String name = line.substring(0, colon);
        if (!Chars.isToken(name)) {
            throw ProtocolError.badRequest(
                    name.isEmpty() || !Chars.isBlank(name.charAt(colon - 1))
                            ? "A field name that is not a token."
                            : "White space between a field name and its colon.");
        }
        fields.add(name, trim(line, colon + 1));
    }

    /** The rest of a line without the blanks around it; {@code strip} would take more than the two that count. */
    private static String trim(String line, int from) {
        int start = from;
        int end = line.length();
        while (start < end && Chars.isBlank(line.charAt(start))) {
            start++;
        }
        while (end > start && Chars.isBlank(line.charAt(end - 1))) {
            end--;
        }
        return line.substring(start, end);
    }

    private ProtocolError tooLarge() {
        return new ProtocolError(
                Status.HEADER_TOO_LARGE,
                "At most " + limits.headerCount() + " field lines and " + limits.headerBytes()
                        + " bytes of them are taken.");
    }
}
