package io.uk4j.example.hellohttp.http;

import java.util.List;

/**
 * Where a request's content ends (RFC 9112, section 6). A request about whose length two readers could differ is refused:
 * that is how requests are smuggled past a proxy (section 11.2).
 */
final class Framing {
    /** The content is in chunks, its length unknown. */
    static final long CHUNKED = -1;

    private Framing() {}

    /** The length of a request's content, 0 if it has none, or {@link #CHUNKED}. */
    static long of(Fields fields, int minorVersion, long limitBytes) {
        List<String> lengths = fields.all("content-length");
        if (!fields.all("transfer-encoding").isEmpty()) {
            if (!lengths.isEmpty()) {
                throw ProtocolError.badRequest("Both Content-Length and Transfer-Encoding.");
            }
            if (minorVersion == 0) {
                throw ProtocolError.badRequest("Transfer-Encoding in HTTP/1.0.");
            }
            checkCodings(fields.elements("transfer-encoding"));
            return CHUNKED;
        }
        return lengths.isEmpty() ? 0 : length(lengths, limitBytes);
    }

    private static void checkCodings(List<String> codings) {
        int chunked = codings.indexOf("chunked");
        if (codings.isEmpty() || (chunked >= 0 && chunked != codings.size() - 1)) {
            throw ProtocolError.badRequest("A Transfer-Encoding in which chunked is not last, and once.");
        }
        if (codings.size() > 1 || chunked < 0) {
            throw new ProtocolError(Status.NOT_IMPLEMENTED, "The only Transfer-Encoding taken is chunked.");
        }
    }

    /** The one value of all Content-Length fields, which may repeat it but not differ (RFC 9110, section 8.6). */
    private static long length(List<String> values, long limitBytes) {
        String text = "";
        for (String value : values) {
            for (String element : value.split(",", -1)) {
                String digits = element.strip();
                if (digits.isEmpty() || !digits.chars().allMatch(Chars::isDigit)) {
                    throw ProtocolError.badRequest("A Content-Length that is not a number.");
                }
                if (!text.isEmpty() && !text.equals(digits)) {
                    throw ProtocolError.badRequest("Values of Content-Length that differ.");
                }
                text = digits;
            }
        }
        String significant = text.replaceFirst("^0+(?=.)", "");
        // 18 digits always fit into a long.
        long length = significant.length() > 18 ? Long.MAX_VALUE : Long.parseLong(significant);
        if (length > limitBytes) {
            throw tooLarge(limitBytes);
        }
        return length;
    }

    static ProtocolError tooLarge(long limitBytes) {
        return new ProtocolError(Status.CONTENT_TOO_LARGE, "At most " + limitBytes + " bytes of content are taken.");
    }
}
