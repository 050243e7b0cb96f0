package io.uk4j.example.inetd;

import io.uk4j.core.Clock;
import io.uk4j.net.tcpip.TcpConnection;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** What time it is, for people (RFC 867). */
final class Daytime {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern(
                    "EEEE, MMMM d, yyyy HH:mm:ss-'UTC'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private final Clock clock;

    Daytime(Clock clock) {
        this.clock = clock;
    }

    /** Such as {@code Monday, February 22, 1982 17:37:43-UTC}, and CRLF. */
    byte[] line() {
        long wallNs = clock.wallNs();
        Instant now = Instant.ofEpochSecond(Math.floorDiv(wallNs, 1_000_000_000L));
        return (FORMAT.format(now) + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** Tells a client, who has then to end the connection: what it sends until then is thrown away. */
    DiscardConnection tell(TcpConnection connection) {
        byte[] line = line();
        connection.write(line, 0, line.length);
        connection.shutdownOutput();
        return new DiscardConnection();
    }
}
