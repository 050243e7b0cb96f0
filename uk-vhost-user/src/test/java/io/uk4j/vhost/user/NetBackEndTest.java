package io.uk4j.vhost.user;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a back end does with frames that its front end cannot take. */
class NetBackEndTest {
    @TempDir
    private Path folder;

    @Test
    void aFrameThatIsTooLongForTheOtherSideIsDroppedAndNoMore() {
        try (NetPair pair = new NetPair(folder, new String[] {"uk.vhost.mtu=9000"}, new String[0])) {
            pair.send(pair.back, pair.backPool, new byte[5000]);
            pair.receive(pair.front);
            byte[] frame = new byte[100];
            frame[50] = 7;
            pair.send(pair.back, pair.backPool, frame);
            byte[][] received = new byte[1][];
            Awaiting.until("the next frame", () -> {
                received[0] = pair.receive(pair.front);
                return received[0] != null;
            });
            assertArrayEquals(frame, received[0]);
            assertFalse(
                    pair.frontCounters
                            .text()
                            .lines()
                            .anyMatch(line -> line.startsWith("uk_virtio_violations_total{") && !line.endsWith(" 0")),
                    pair.frontCounters.text());
            assertTrue(pair.counters.text().contains("reason=\"unfit\"} 1"), pair.counters.text());
        }
    }
}
