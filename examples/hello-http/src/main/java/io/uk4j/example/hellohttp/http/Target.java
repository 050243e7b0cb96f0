package io.uk4j.example.hellohttp.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A request target (RFC 9112, section 3.2).
 *
 * @param path the path, percent-decoded, beginning with a slash; {@code *} in asterisk form
 * @param query what stands after the question mark, as it came; empty without one
 * @param host the host of a target in absolute form, else null
 */
record Target(String path, String query, @Nullable String host) {
    static Target parse(String text, String method) {
        if (text.isEmpty() || !text.chars().allMatch(c -> Chars.isVisible(c) && c != '#')) {
            throw ProtocolError.badRequest("A request target with characters that none has.");
        }
        if (text.charAt(0) == '/') {
            return ofPath(text, null);
        }
        if (text.equals("*") && method.equals("OPTIONS")) {
            return new Target("*", "", null);
        }
        int scheme = text.regionMatches(true, 0, "http://", 0, 7)
                ? 7
                : text.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
        if (scheme < 0) {
            throw ProtocolError.badRequest("A request target that is neither a path nor an http address.");
        }
        int end = scheme;
        while (end < text.length() && text.charAt(end) != '/' && text.charAt(end) != '?') {
            end++;
        }
        String host = checkedHost(text.substring(scheme, end));
        if (host.isEmpty()) {
            throw ProtocolError.badRequest("A request target without host.");
        }
        String rest = text.substring(end);
        return ofPath(rest.startsWith("/") ? rest : "/" + rest, host);
    }

    /** The value of a Host field or the like, if it can be one (RFC 9110, section 7.2). */
    static String checkedHost(String host) {
        int colon = host.lastIndexOf(':');
        boolean hasPort = colon > host.lastIndexOf(']');
        if (!host.chars().allMatch(Chars::isHostChar)
                || (hasPort && !host.chars().skip(colon + 1L).allMatch(Chars::isDigit))) {
            throw ProtocolError.badRequest("A host that is none.");
        }
        return host;
    }

    private static Target ofPath(String text, @Nullable String host) {
        int question = text.indexOf('?');
        return question < 0
                ? new Target(decode(text), "", host)
                : new Target(decode(text.substring(0, question)), text.substring(question + 1), host);
    }

    private static String decode(String path) {
        if (path.indexOf('%') < 0) {
            return path;
        }
        byte[] bytes = new byte[path.length()];
        int size = 0;
        for (int i = 0; i < path.length(); i++) {
            int c = path.charAt(i);
            if (c == '%') {
                int high = i + 2 < path.length() ? Chars.hexValue(path.charAt(i + 1)) : -1;
                int low = high < 0 ? -1 : Chars.hexValue(path.charAt(i + 2));
                c = high << 4 | low;
                if (c <= 0) {
                    throw ProtocolError.badRequest("A percent sign in the path that encodes no character.");
                }
                i += 2;
            }
            bytes[size++] = (byte) c;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, size))
                    .toString();
        } catch (CharacterCodingException _) {
            throw ProtocolError.badRequest("A path that is not UTF-8.");
        }
    }
}
