package io.uk4j.maven;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.uk4j.maven.image.Manifest;
import io.uk4j.maven.problem.Problem;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BootWordsTest {
    private static Manifest manifest(boolean stack, Map<String, String> sealed) {
        return new Manifest(
                Manifest.FORMAT,
                "a",
                "1",
                "2026-01-01T00:00:00Z",
                "kvm",
                "A",
                List.of(),
                Map.of(),
                sealed,
                new Manifest.Memory(0, 0),
                new Manifest.Java("25", "x", List.of()),
                List.of(new Manifest.Part(
                        stack ? "io.uk4j:uk-net-tcpip:1" : "b:c:1", "library", "1", List.of(), List.of())));
    }

    @Test
    void suitsTheUserNetworkOfQemu() {
        assertEquals(
                List.of("uk.net.device=virtio:0", "uk.net.ipv4=10.0.2.15/24", "uk.net.gateway=10.0.2.2"),
                new BootWords(manifest(true, Map.of()), null, "user", false, null).list());
    }

    @Test
    void leavesToTheUserWhatTheUserSays() {
        assertEquals(
                List.of(
                        "uk.net.ipv4=10.0.2.16/24",
                        "uk.x.y=1",
                        "uk.net.device=virtio:0",
                        "uk.block.device=virtio:0",
                        "uk.verify=sha256"),
                new BootWords(
                                manifest(true, Map.of("uk.net.gateway", "10.0.2.3")),
                                " uk.net.ipv4=10.0.2.16/24  uk.x.y=1",
                                "user",
                                true,
                                "sha256")
                        .list());
    }

    @Test
    void saysNothingOfANetworkThatIsNotThere() {
        assertEquals(List.of(), new BootWords(manifest(false, Map.of()), "", "user", false, "").list());
        assertEquals(List.of(), new BootWords(manifest(true, Map.of()), "", "none", false, null).list());
        assertEquals(
                List.of("uk.net.device=virtio:0"),
                new BootWords(manifest(true, Map.of()), "", "tap:uk0", false, null).list());
    }

    @ParameterizedTest
    @ValueSource(strings = {"net.ipv4=1", "uk.net", "uk=1", "uk.Net=1", "uk.a=1 b"})
    void refusesWhatIsNoKey(String keys) {
        assertThrows(Problem.class, () -> new BootWords(manifest(true, Map.of()), keys, "user", false, null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"md5", "sha256:12", "sha256 "})
    void refusesWhatIsNoVerification(String verify) {
        assertThrows(Problem.class, () -> new BootWords(manifest(true, Map.of()), null, "user", false, verify));
    }
}
