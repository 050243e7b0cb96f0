package io.uk4j.net.tcpip.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.uk4j.net.tcpip.Ipv4Address;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressingTest {
    private static final int ICMP = 1;
    private static final int TCP = 6;
    private static final int UDP = 17;

    private static final Addressing HOST = new Addressing(bits("10.0.2.2"), 24, 0);
    private static final Addressing TRANSPARENT = new Addressing(bits("10.0.2.2"), 24, 0, true);

    private static int bits(String address) {
        return Ipv4Address.parse(address).bits();
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.2.2, true, true",
        "10.0.2.9, false, true",
        "192.0.2.1, false, true",
        "127.0.0.1, false, false",
        "10.0.2.255, false, false",
        "255.255.255.255, false, false",
        "224.0.0.1, false, false",
        "0.0.0.0, false, false"
    })
    void aTransparentHostTakesWhatIsForAnyOneHost(String destination, boolean host, boolean transparent) {
        assertEquals(host, HOST.takes(bits(destination), TCP));
        assertEquals(host, HOST.takes(bits(destination), UDP));
        assertEquals(transparent, TRANSPARENT.takes(bits(destination), TCP));
        assertEquals(transparent, TRANSPARENT.takes(bits(destination), UDP));
        assertEquals(host, TRANSPARENT.takes(bits(destination), ICMP));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.2.2, 10.0.2.15, true, true",
        "10.0.2.2, 0.0.0.0, true, true",
        "10.0.2.9, 10.0.2.15, false, true",
        "10.0.2.9, 0.0.0.0, false, false",
        "10.0.2.15, 10.0.2.15, false, false",
        "10.0.2.255, 10.0.2.15, false, false",
        "192.0.2.1, 10.0.2.15, false, false"
    })
    void aTransparentHostAnswersForTheLinkButNotForTheAsker(
            String target, String asker, boolean host, boolean transparent) {
        assertEquals(host, HOST.answersFor(bits(target), bits(asker)));
        assertEquals(transparent, TRANSPARENT.answersFor(bits(target), bits(asker)));
    }
}
