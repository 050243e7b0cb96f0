package io.uk4j.example.hellohttp.http;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * The Date field of an answer (RFC 9110, section 5.6.7), formatted once a second.
 *
 * <p>Thread rule: shared.
 */
public final class HttpDate {
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private final LongSupplier wallNs;
    private volatile Formatted last = new Formatted(Long.MIN_VALUE, "");

    private record Formatted(long second, String text) {}

    /**
     * Creates it.
     *
     * @param wallNs nanoseconds since 1970-01-01T00:00:00Z
     */
    public HttpDate(LongSupplier wallNs) {
        this.wallNs = wallNs;
    }

    /** Now, such as {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
    public String now() {
        long second = Math.floorDiv(wallNs.getAsLong(), 1_000_000_000L);
        Formatted formatted = last;
        if (formatted.second != second) {
            formatted = new Formatted(second, IMF_FIXDATE.format(Instant.ofEpochSecond(second)));
            last = formatted;
        }
        return formatted.text;
    }
}
