package io.uk4j.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyTest {
    private enum Colour {
        RED,
        DARK_BLUE
    }

    private static void assertRefused(Key<?> key, String... texts) {
        for (String text : texts) {
            String reason = assertThrows(IllegalArgumentException.class, () -> key.parse(text), text)
                    .getMessage();
            assertTrue(reason != null && !reason.isBlank(), text);
        }
    }

    @Test
    void refusesNamesThatAreNotFlatLowerCaseWordsUnderUk() {
        for (String name : List.of("", "uk", "uk.", "net.mtu", "uk..a", "uk.a.", "uk.A", "uk.a_b", "uk.a-b", "uk.ä")) {
            assertThrows(IllegalArgumentException.class, () -> Key.string(name, "a key"), name);
        }
    }

    @Test
    void mapsItsNameToOneEnvironmentVariable() {
        assertEquals("UK_NET_IPV4", Key.string("uk.net.ipv4", "an address").environmentName());
    }

    @Test
    void parsesBooleansAndNothingLikeThem() {
        Key<Boolean> key = Key.bool("uk.a", "a flag");
        assertEquals(true, key.parse(" true\n"));
        assertEquals(false, key.parse("false"));
        assertRefused(key, "", "TRUE", "yes", "1", "on");
    }

    @Test
    void parsesWholeNumbersWithinTheirRange() {
        Key<Integer> key = Key.integer("uk.a", -1, 10, "a number");
        assertEquals(-1, key.parse("-1"));
        assertEquals(10, key.parse(" 10 "));
        assertRefused(key, "", "-2", "11", "1.0", "0x1", "99999999999", "1 0");
    }

    @Test
    void parsesSizesAsBinary() {
        Key<Long> key = Key.size("uk.a", 0, Long.MAX_VALUE, "a size");
        assertEquals(64, key.parse("64"));
        assertEquals(64L << 10, key.parse("64K"));
        assertEquals(64L << 20, key.parse("64Mi"));
        assertEquals(3L << 30, key.parse("3G"));
        assertEquals(8_388_607L << 40, key.parse("8388607T"));
        assertRefused(key, "", "K", "i", "Ki", "64k", "64i", "64KB", "64Kii", "-1", "+1", "1.5M", "1 M", "\u0661");
        assertRefused(key, "8388608T", "99999999999999999T", "1000000000000000000");
    }

    @Test
    void parsesDurationsWithTheirUnit() {
        Key<Duration> key = Key.duration("uk.a", Duration.ZERO, Duration.ofDays(100_000), "a time");
        assertEquals(Duration.ofNanos(1), key.parse("1ns"));
        assertEquals(Duration.ofNanos(2_000), key.parse("2us"));
        assertEquals(Duration.ofMillis(500), key.parse("500ms"));
        assertEquals(Duration.ofSeconds(2), key.parse("2s"));
        assertEquals(Duration.ofMinutes(3), key.parse("3m"));
        assertEquals(Duration.ofHours(4), key.parse("4h"));
        assertRefused(key, "", "1", "s", "1S", "1 s", "1d", "-1s", "1.5s", "\u0661s");
        assertRefused(key, "9999999h", "999999999999999999us", "999999999999999999h");
    }

    @Test
    void saysItsRangesAsAUserWouldWriteThem() {
        Key<Duration> key = Key.duration("uk.a", Duration.ofNanos(1_500), Duration.ofHours(2), "a time");
        assertEquals("a duration from 1500ns to 2h, such as 500ms", key.allowed());
        assertRefused(key, "1us", "7201s");
    }

    @Test
    void parsesConstantsInLowerCase() {
        Key<Colour> key = Key.oneOf("uk.a", Colour.class, "a colour");
        assertEquals(Colour.DARK_BLUE, key.parse("dark_blue"));
        assertEquals("one of: red, dark_blue", key.allowed());
        assertRefused(key, "", "RED", "blue");
    }

    @Test
    void refusesADefaultThatItWouldNotTake() {
        Key<Integer> key = Key.integer("uk.a", 0, 9, "a digit");
        assertNull(key.defaultText());
        assertEquals("9", key.withDefault("9").defaultText());
        assertThrows(IllegalArgumentException.class, () -> key.withDefault("10"));
        assertTrue(key.asSecret().withDefault("1").isSecret());
        assertEquals("1", key.withDefault("1").asSecret().defaultText());
    }

    @Test
    void measuresHowFarNamesAreApart() {
        assertEquals(0, NearestNames.distance("", ""));
        assertEquals(3, NearestNames.distance("", "abc"));
        assertEquals(1, NearestNames.distance("abcd", "acbd"));
        assertEquals(3, NearestNames.distance("kitten", "sitting"));
        assertEquals(List.of("uk.ab", "uk.abcd"), NearestNames.of("uk.abc", List.of("uk.abcd", "uk.ab", "uk.zzzzz")));
    }
}
