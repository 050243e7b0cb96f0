package io.uk4j.example.inetd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.uk4j.core.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class DaytimeTest {
    @Test
    void tellsDayDateAndTime() {
        Daytime daytime = new Daytime(new Clock() {
            @Override
            public long nowNs() {
                return 0;
            }

            @Override
            public long wallNs() {
                return Instant.parse("1982-02-22T17:37:43.999Z").toEpochMilli() * 1_000_000;
            }
        });
        assertEquals(
                "Monday, February 22, 1982 17:37:43-UTC\r\n", new String(daytime.line(), StandardCharsets.US_ASCII));
    }
}
