package io.uk4j.example.hellohttp.http;

/** Classes of octets (RFC 9110, section 5.6; RFC 3986, section 2). */
final class Chars {
    private Chars() {}

    static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    static boolean isAlpha(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    /** A visible US-ASCII character. */
    static boolean isVisible(int c) {
        return c > ' ' && c < 0x7f;
    }

    static boolean isBlank(int c) {
        return c == ' ' || c == '\t';
    }

    static boolean isTokenChar(int c) {
        return isAlpha(c) || isDigit(c) || (c > 0 && "!#$%&'*+-.^_`|~".indexOf(c) >= 0);
    }

    static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(Chars::isTokenChar);
    }

    /** What may stand in a host with its port. A comma is left out: it would be two hosts joined. */
    static boolean isHostChar(int c) {
        return isAlpha(c) || isDigit(c) || (c > 0 && "-._~%!$&'()*+;=:[]".indexOf(c) >= 0);
    }

    /** The value of a hexadecimal digit, or -1. */
    static int hexValue(int c) {
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }
}
