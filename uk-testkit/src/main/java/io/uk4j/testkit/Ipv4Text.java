package io.uk4j.testkit;

/** IPv4 addresses as text and as 32 bits, apart from the stack's own. */
final class Ipv4Text {
    private Ipv4Text() {}

    static int parse(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            throw new IllegalArgumentException("Not four numbers with dots between: " + text);
        }
        int bits = 0;
        for (String part : parts) {
            int octet = Integer.parseInt(part);
            if (octet < 0 || octet > 255) {
                throw new IllegalArgumentException("Not within 0 and 255: " + part + " in " + text);
            }
            bits = bits << 8 | octet;
        }
        return bits;
    }

    static String format(int bits) {
        return (bits >>> 24) + "." + (bits >>> 16 & 0xff) + "." + (bits >>> 8 & 0xff) + "." + (bits & 0xff);
    }
}
