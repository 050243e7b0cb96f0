package io.uk4j.net.tcpip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Ipv4PrefixTest {
    @ParameterizedTest
    @ValueSource(strings = {"10.0.2.15/24", "192.0.2.1/32", "10.0.0.0/31", "10.0.0.1/31", "128.0.0.1/1"})
    void readsWhatItWrites(String text) {
        assertEquals(text, Ipv4Prefix.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.2.15", "10.0.2.15/", "/24", "10.0.2.15/33", "10.0.2.15/0", "10.0.2.15/x", "10.0.2.15/+4",
                "10.0.2.0/24", "10.0.2.255/24", "127.0.0.1/8", "224.0.0.1/4", "0.0.0.1/8", "10.0.2/24", ""
            })
    void refusesWhatCannotBeAHost(String text) {
        assertThrows(IllegalArgumentException.class, () -> Ipv4Prefix.parse(text));
    }

    @Test
    void knowsWhoIsOnTheLink() {
        Ipv4Prefix prefix = Ipv4Prefix.parse("10.0.2.15/20");
        assertTrue(prefix.contains(Ipv4Address.parse("10.0.15.255")));
        assertFalse(prefix.contains(Ipv4Address.parse("10.0.16.0")));
    }
}
