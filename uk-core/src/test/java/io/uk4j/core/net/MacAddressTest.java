package io.uk4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class MacAddressTest {
    @Test
    void parsesSixOctets() {
        assertEquals(new MacAddress(0x02_00_5e_10_00_ffL), MacAddress.parse("02:00:5e:10:00:FF"));
        assertEquals(MacAddress.BROADCAST, MacAddress.parse("ff:ff:ff:ff:ff:ff"));
    }

    @Test
    void survivesTheWayOverText() {
        long seed = 42;
        RandomGenerator random = new Random(seed);
        for (int i = 0; i < 1_000; i++) {
            MacAddress address = new MacAddress(random.nextLong() >>> 16);
            assertEquals(address, MacAddress.parse(address.toString()), "seed " + seed);
        }
    }

    @Test
    void refusesAnythingElse() {
        for (String text : List.of(
                "",
                "02:00:5e:10:00",
                "02-00-5e-10-00-01",
                "02:00:5e:10:00:0g",
                "02:00:5e:10:00:001",
                "0200:5e:10:00:01:0",
                "2:0:5e:10:0:1",
                " 2:00:5e:10:00:01")) {
            assertThrows(IllegalArgumentException.class, () -> MacAddress.parse(text), text);
        }
        assertThrows(IllegalArgumentException.class, () -> new MacAddress(1L << 48));
        assertThrows(IllegalArgumentException.class, () -> new MacAddress(-1));
    }

    @Test
    void makesLocalUnicastAddressesOfAnyRandomBits() {
        RandomGenerator random = new Random(7);
        for (int i = 0; i < 1_000; i++) {
            MacAddress address = MacAddress.locallyAdministered(random.nextLong());
            assertFalse(address.isGroup(), address::toString);
            assertEquals(0x0200_0000_0000L, address.bits() & 0x0300_0000_0000L, address::toString);
        }
        assertTrue(MacAddress.BROADCAST.isGroup());
        assertTrue(MacAddress.parse("01:00:5e:00:00:01").isGroup());
    }
}
