package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.PcapReader;
import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** hello-http captures its own frames, and tcpdump reads them. {@link SealedImageIT} has the same of an image. */
class PacketCaptureIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    @BeforeEach
    void needsTools() {
        Requirements.commands("curl", "tcpdump");
    }

    /** What tcpdump says of a capture, checksums included. */
    static String read(Path capture) throws IOException {
        // From its input, as tcpdump may not open files of root's once it has stepped down from being root.
        Command tcpdump = Command.run(LIMIT, List.of("sh", "-c", "tcpdump -nn -v -tttt -r - < " + capture));
        return tcpdump.succeeded();
    }

    /** A pattern of a whole output of tcpdump: a handshake between a client and a server, as {@code ADDRESS.PORT}, with the right sums. */
    static String handshake(String client, String server) {
        String opening = client + " > " + server + ": Flags \\[S\\], cksum 0x[0-9a-f]{4} \\(correct\\), ";
        String answer = server + " > " + client + ": Flags \\[S\\.\\], cksum 0x[0-9a-f]{4} \\(correct\\), ";
        String last = client + " > " + server + ": Flags \\[\\.\\], cksum 0x[0-9a-f]{4} \\(correct\\), ";
        return "(?s).*" + opening + ".*" + answer + ".*" + last + ".*";
    }

    @Test
    void showsTheHandshakeOfAClientBehindTheGateway() throws IOException {
        Path file = folder.resolve("net.pcap");
        Path fetched = folder.resolve("fetched.pcap");
        try (Bed bed = GatewayBed.start("hello-http", "uk.pcap.file=" + file)) {
            bed.run(LIMIT, "curl", "-sSf", bed.url() + "/health").succeeded();
            bed.run(LIMIT, "curl", "-sSf", "-o", fetched.toString(), bed.url() + "/capture")
                    .succeeded();
            Metrics metrics = bed.metrics();
            assertTrue(metrics.sum("uk_pcap_frames_total") > 6, metrics::toString);
            assertEquals(0, metrics.sum("uk_pcap_frames_missed_total"), metrics::toString);
        }

        String text = read(fetched);
        assertTrue(text.matches(handshake("10\\.0\\.2\\.2\\.\\d+", "10\\.0\\.2\\.15\\.80")), text);
        assertTrue(text.contains("GET /health HTTP/1.1"), text);
        assertTrue(!text.contains("incorrect"), text);
        // What was fetched is how it stood then.
        byte[] whole = Files.readAllBytes(file);
        byte[] part = Files.readAllBytes(fetched);
        assertTrue(part.length < whole.length);
        assertEquals(-1, Arrays.mismatch(Arrays.copyOf(whole, part.length), part));
    }

    @Test
    void endsWhereItsBoundIs() throws IOException {
        Path file = folder.resolve("net.pcap");
        try (Bed bed =
                GatewayBed.start("hello-http", "uk.pcap.file=" + file, "uk.pcap.bytes=4K", "uk.pcap.snaplen=96")) {
            bed.run(LIMIT, "curl", "-sSf", "-o", "/dev/null", bed.url() + "/bytes/2M")
                    .succeeded();
            Metrics metrics = bed.metrics();
            assertTrue(metrics.sum("uk_pcap_frames_missed_total") > 0, metrics::toString);
            assertEquals(PcapReader.read(file).size(), metrics.sum("uk_pcap_frames_total"), metrics::toString);
            assertTrue(bed.appliance().log().contains("is full: it ends after "), bed.appliance()::log);
        }
        assertTrue(Files.size(file) <= 4 << 10);
        read(file);
    }

    /** The kernel leaves checksums to the device and takes large frames, and so does the stack. */
    @Test
    void completesChecksumsThatAreLeftToTheDevice() throws IOException {
        Requirements.tap();
        Path file = folder.resolve("net.pcap");
        try (Bed bed = TapBed.start("hello-http", "uk.pcap.file=" + file, "uk.pcap.bytes=16M")) {
            bed.run(LIMIT, "curl", "-sSf", "-o", "/dev/null", bed.url() + "/bytes/3M")
                    .succeeded();
        }

        assertTrue(PcapReader.read(file).stream().anyMatch(captured -> captured.frame().length > 1_514));
        String text = read(file);
        assertTrue(text.matches(handshake("10\\.77\\.0\\.1\\.\\d+", "10\\.77\\.0\\.2\\.80")), text);
        assertTrue(!text.contains("incorrect") && !text.contains("bad cksum"), text);
    }

    @Test
    void refusesToStartWhereTheFileCannotBeWritten() {
        List<String> keys = GatewayBed.keys(FreePorts.next(), "uk.pcap.file=/dev/full");
        try (ApplianceProcess appliance = ApplianceProcess.launch(line -> line, "hello-http", keys)) {
            assertEquals(2, appliance.awaitExit(), appliance::log);
            assertTrue(
                    appliance.log().contains("uk.pcap.file=/dev/full (command line) cannot be written: No space left"),
                    appliance::log);
        }
    }
}
