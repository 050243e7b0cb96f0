package io.uk4j.example.vswitch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MacTableTest {
    private final MacTable table = new MacTable();

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1_000_000_000_000L, Long.MAX_VALUE})
    void knowsNobodyAtFirstWhateverTheTime(long nowNs) {
        assertEquals(MacTable.UNKNOWN, table.port(0, nowNs));
        assertEquals(MacTable.UNKNOWN, table.port(0x0200_0000_0001L, nowNs));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1_000_000_000_000L})
    void holdsAThousandStationsWhateverTheTime(long nowNs) {
        for (int i = 0; i < 1000; i++) {
            table.learn(0x0200_0000_0000L + i, i % 7, nowNs + i);
        }
        int known = 0;
        for (int i = 0; i < 1000; i++) {
            int port = table.port(0x0200_0000_0000L + i, nowNs + 1000);
            if (port != MacTable.UNKNOWN) {
                assertEquals(i % 7, port);
                known++;
            }
        }
        // Few buckets have more than four of them.
        assertEquals(1000, known, 20);
    }

    @Test
    void followsAStationThatMoves() {
        table.learn(5, 1, 100);
        table.learn(5, 2, 200);
        assertEquals(2, table.port(5, 300));
    }

    @Test
    void forgetsWhoSaidNothingForLong() {
        table.learn(5, 1, 100);
        assertEquals(1, table.port(5, 99 + MacTable.AGE_LIMIT_NS));
        assertEquals(MacTable.UNKNOWN, table.port(5, 100 + MacTable.AGE_LIMIT_NS));
    }
}
