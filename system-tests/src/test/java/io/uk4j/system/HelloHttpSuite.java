package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What hello-http does whatever its network device is. One appliance goes through all of it, as one would in service;
 * a subclass says how it is reached.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
abstract class HelloHttpSuite {
    private static final Duration SHORT_LIMIT = Duration.ofSeconds(30);
    private static final Duration TRANSFER_LIMIT = Duration.ofMinutes(4);
    private static final Duration SETTLE_LIMIT = Duration.ofSeconds(60);
    private static final int CLIENTS = 200;
    private static final int REQUESTS = 10;
    private static final int RESETS = 20;
    private static final int MIB = 1 << 20;

    private Bed bed;

    /** Starts hello-http. */
    abstract Bed start();

    /** How many bytes the largest download has. */
    abstract long downloadBytes();

    /** How many bytes the largest uploads have. */
    abstract long uploadBytes();

    final Bed bed() {
        return bed;
    }

    @BeforeAll
    void startOne() {
        Requirements.commands("curl", "bash", "sha256sum");
        bed = start();
    }

    @AfterAll
    void stopIt() {
        if (bed != null) {
            bed.close();
        }
    }

    @Test
    void answersAGet() {
        String answer =
                bed.run(SHORT_LIMIT, "curl", "-sS", "-i", bed.url() + "/health").succeeded();
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n") && answer.endsWith("\r\n\r\nok\n"), answer);
    }

    @Test
    void sendsOneByte() {
        assertDownload(1);
    }

    @Test
    void sendsAMegabyte() {
        assertDownload(MIB);
    }

    @Test
    void sendsALargeFile() {
        assertDownload(downloadBytes());
    }

    private void assertDownload(long bytes) {
        long startNs = System.nanoTime();
        String output = bed.run(
                        TRANSFER_LIMIT,
                        "bash",
                        "-o",
                        "pipefail",
                        "-c",
                        "curl -sS -f " + bed.url() + "/bytes/" + bytes + " | sha256sum")
                .succeeded();
        report("sent", bytes, startNs);
        assertEquals(ServedBytes.sha256(bytes), output.substring(0, 64));
    }

    @Test
    void takesOneByte(@TempDir Path directory) {
        assertUpload(1, directory, "Content-Length: 1");
    }

    @Test
    void takesALargeFileOfKnownLength(@TempDir Path directory) {
        assertUpload(uploadBytes(), directory, "Content-Length: " + uploadBytes());
    }

    @Test
    void takesALargeFileInChunks(@TempDir Path directory) {
        assertUpload(uploadBytes(), directory, "Transfer-Encoding: chunked");
    }

    private void assertUpload(long bytes, Path directory, String framing) {
        Path file = directory.resolve("upload");
        ServedBytes.write(bytes, file);
        long startNs = System.nanoTime();
        String output = bed.run(
                        TRANSFER_LIMIT,
                        "curl",
                        "-sS",
                        "-f",
                        "-X",
                        "POST",
                        "-H",
                        framing,
                        "-T",
                        file.toString(),
                        bed.url() + "/upload")
                .succeeded();
        report("took, " + framing, bytes, startNs);
        assertEquals(bytes + " " + ServedBytes.sha256(bytes) + "\n", output);
    }

    /** For people who read the log; nothing depends on it. */
    private void report(String what, long bytes, long startNs) {
        double seconds = (System.nanoTime() - startNs) / 1e9;
        if (bytes >= MIB) {
            System.out.println(String.format(
                    Locale.ROOT,
                    "%s: %s: %,d bytes in %.1f s, %,.0f Mbit/s",
                    getClass().getSimpleName(),
                    what,
                    bytes,
                    seconds,
                    bytes * 8 / seconds / 1e6));
        }
    }

    @Test
    void serves200ClientsAtOnceOverConnectionsThatTheyKeep() throws Exception {
        List<HttpClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(bed.connect());
            }
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> running = new ArrayList<>();
                for (HttpClient client : clients) {
                    running.add(threads.submit(() -> {
                        askForSeveralSizes(client, clients.indexOf(client));
                        return true;
                    }));
                }
                for (Future<?> one : running) {
                    one.get();
                }
            }
            assertTrue(bed.metrics().sum("hello_http_connections") >= CLIENTS, "all are still connected");
        } finally {
            for (HttpClient client : clients) {
                client.close();
            }
        }
        awaitNoOtherConnection();
    }

    private static void askForSeveralSizes(HttpClient client, int number) throws IOException {
        for (int request = 0; request < REQUESTS; request++) {
            int bytes = 1 + (number * REQUESTS + request) * 97 % 50_000;
            HttpClient.Answer answer = client.get("/bytes/" + bytes);
            assertEquals(200, answer.status());
            assertEquals(ServedBytes.sha256(bytes), ServedBytes.sha256(answer.text()));
        }
    }

    @Test
    void servesOnAndKeepsNothingAfterResetsInMidTransfer() throws IOException {
        Metrics before = bed.metrics();
        for (int i = 0; i < RESETS; i++) {
            HttpClient download = bed.connect();
            download.send("GET /bytes/1G HTTP/1.1\r\nHost: test\r\n\r\n");
            download.bytes(100_000);
            HttpClient upload = bed.connect();
            upload.send("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(100_000));
            download.reset();
            upload.reset();
        }
        awaitLevelOf(before);
        assertDownload(MIB);
    }

    @Test
    void servesOnAfterAClientThatWasCutOff() {
        Metrics before = bed.metrics();
        Command cut =
                bed.run(SHORT_LIMIT, "curl", "-sS", "-o", "/dev/null", "--max-time", "1", bed.url() + "/bytes/64G");
        assertEquals(28, cut.status(), cut.output());
        awaitLevelOf(before);
        assertDownload(1);
    }

    /** Waits until only the connection that asks is open. */
    final Metrics awaitNoOtherConnection() {
        return bed.awaitMetrics(
                "only one connection is open",
                SETTLE_LIMIT,
                metrics -> metrics.sum("hello_http_connections") == 1 && metrics.sum("uk_sched_fibers") <= 2);
    }

    /** Waits until no more buffers are in use than there were, and no connection is open but the one that asks. */
    final Metrics awaitLevelOf(Metrics before) {
        awaitNoOtherConnection();
        return bed.awaitMetrics(
                "as many buffers are in use as before, " + before.sum("uk_mm_pool_in_use"),
                SETTLE_LIMIT,
                metrics -> metrics.sum("uk_mm_pool_in_use") <= before.sum("uk_mm_pool_in_use"));
    }
}
