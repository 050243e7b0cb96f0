package io.uk4j.example.keyvalue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The store, on a disk whose power goes at any moment; and the protocol over it. */
class StoreTest {
    private final ByteBuf buffer = Unpooled.directBuffer(Journal.RECORD_LIMIT);

    @AfterEach
    void release() {
        buffer.release();
    }

    private Store open(PowerCutDisk disk) {
        return new Store(disk, buffer);
    }

    @Test
    void findsWhatWasThereBefore() {
        PowerCutDisk disk = new PowerCutDisk(64);
        Store store = open(disk);
        assertTrue(store.put("a", "1"));
        assertTrue(store.put("b", "x".repeat(1000)));
        assertTrue(store.put("a", "2"));
        assertTrue(store.put("ü", ""));
        assertTrue(store.delete("b"));
        Store again = open(disk);
        assertEquals("2", again.get("a"));
        assertEquals("", again.get("ü"));
        assertNull(again.get("b"));
        assertEquals(2, again.size());
    }

    /** What was acknowledged is there; what was not is there whole or not at all. */
    @Test
    void losesNothingThatItAcknowledgedWhenThePowerGoes() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            PowerCutDisk disk = new PowerCutDisk(400);
            Map<String, String> acknowledged = new HashMap<>();
            for (int life = 0; life < 4; life++) {
                String key = "";
                String value = "";
                disk.left = random.nextInt(60);
                try {
                    Store store = open(disk);
                    while (true) {
                        key = "k" + random.nextInt(8);
                        value = "v".repeat(random.nextInt(1500)) + random.nextInt();
                        if (!store.put(key, value)) {
                            break;
                        }
                        acknowledged.put(key, value);
                    }
                } catch (PowerCutDisk.PowerCut e) {
                    disk.restart(random);
                }
                Store found = open(disk);
                String where = "seed " + seed + ", round " + round + ", life " + life;
                for (String each : acknowledged.keySet()) {
                    boolean under = each.equals(key) && value.equals(found.get(each));
                    assertTrue(under || acknowledged.get(each).equals(found.get(each)), where);
                }
                if (value.equals(found.get(key))) {
                    acknowledged.put(key, value);
                }
                assertEquals(acknowledged.size(), found.size(), where);
            }
        }
    }

    @Test
    void takesNothingMoreWhenTheDiskIsFull() {
        PowerCutDisk disk = new PowerCutDisk(3);
        Store store = open(disk);
        assertTrue(store.put("a", "1"));
        assertTrue(store.put("a", "2"));
        assertFalse(store.put("a", "3"));
        assertFalse(store.delete("a"));
        assertEquals("2", store.get("a"));
        assertEquals("2", open(disk).get("a"));
    }

    @Test
    void endsAtARecordThatIsDamaged() {
        PowerCutDisk disk = new PowerCutDisk(64);
        Store store = open(disk);
        assertTrue(store.put("a", "1"));
        assertTrue(store.put("b", "2"));
        disk.flip(2 * PowerCutDisk.SECTOR + 30 - 6);
        Store found = open(disk);
        assertEquals("1", found.get("a"));
        assertEquals(1, found.size());
    }

    @Test
    void leavesTheDisksOfOthersAlone() {
        PowerCutDisk disk = new PowerCutDisk(64);
        disk.flip(100);
        String message =
                assertThrows(IllegalStateException.class, () -> open(disk)).getMessage();
        assertTrue(String.valueOf(message).contains("has something else on it"), message);
        assertThrows(IllegalStateException.class, () -> open(new PowerCutDisk(1)));
    }

    private String talk(PowerCutDisk disk, String lines) throws IOException {
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        new Session(new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)), answers, new Commands(open(disk)))
                .serve();
        return answers.toString(StandardCharsets.UTF_8);
    }

    @Test
    void answersLineByLine() throws Exception {
        assertEquals("""
                NONE
                OK
                VALUE a value  with spaces
                COUNT 1
                OK
                NONE
                COUNT 0
                """, talk(new PowerCutDisk(64), """
                        GET k
                        PUT k a value  with spaces
                        GET k
                        COUNT
                        DELETE k
                        DELETE k
                        COUNT
                        QUIT
                        COUNT
                        """));
    }

    @Test
    void saysWhatIsAllowed() throws Exception {
        String usage = "ERROR Allowed: PUT KEY VALUE, GET KEY, DELETE KEY, COUNT, QUIT\n";
        for (String line : new String[] {"", "put k v", "PUT k", "PUT  v", "GET", "GET a b", "COUNT x"}) {
            assertEquals(usage, talk(new PowerCutDisk(64), line + "\n"), line);
        }
        assertEquals(
                "ERROR A line has 4096 bytes at most\n",
                talk(new PowerCutDisk(64), "PUT k " + "x".repeat(5000) + "\nCOUNT\n"));
        assertEquals("OK\n", talk(new PowerCutDisk(64), "PUT k " + "x".repeat(4090) + "\nGET"));
        assertEquals("OK\nVALUE v\n", talk(new PowerCutDisk(64), "PUT k v\r\nGET k\r\n"));
    }
}
