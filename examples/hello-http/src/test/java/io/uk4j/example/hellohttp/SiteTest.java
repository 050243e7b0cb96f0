package io.uk4j.example.hellohttp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.example.hellohttp.http.HttpDate;
import io.uk4j.example.hellohttp.http.HttpServer;
import io.uk4j.example.hellohttp.http.HttpStats;
import io.uk4j.example.hellohttp.http.Limits;
import io.uk4j.example.hellohttp.http.Transport;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteTest {
    private final MetricRegistry counters = new MetricRegistry();
    private final HttpStats stats = new HttpStats();
    private long nowNs;
    private @Nullable Path capture;

    private String ask(String method, String path, String content) throws IOException {
        String request = method + ' ' + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: "
                + content.length() + "\r\n\r\n" + content;
        Site site = new Site(Map.of("platform", "<test>"), stats, counters, () -> "described", capture, () -> nowNs);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        var handler = site.handler();
        nowNs += 3_661_000_000_000L;
        new HttpServer(handler, Limits.DEFAULT, () -> nowNs, new HttpDate(() -> nowNs), stats)
                .serve(new Bytes(new ByteArrayInputStream(request.getBytes(StandardCharsets.US_ASCII)), answer));
        return answer.toString(StandardCharsets.UTF_8);
    }

    private record Bytes(InputStream input, OutputStream output) implements Transport {
        @Override
        public void readTimeoutNs(long timeoutNs) {}

        @Override
        public void shutdownOutput() {}
    }

    @Test
    void showsUptimeConnectionsFactsAndCountersThatCounted() throws IOException {
        counters.counter("uk_test_seen_total", "Seen & counted").increment();
        counters.counter("uk_test_unseen_total", "Never seen");
        String page = ask("GET", "/", "");
        assertTrue(page.contains("<dt>uptime<dd>1:01:01</div>"), page);
        assertTrue(page.contains("<dt>live connections<dd>1</div>"), page);
        assertTrue(page.contains("<dt>platform<dd>&lt;test&gt;</div>"), page);
        assertTrue(page.contains("<tr title=\"Seen &amp; counted\"><td><code>uk_test_seen_total</code><td>1"), page);
        assertTrue(!page.contains("unseen"), page);
    }

    @Test
    void servesMetricsDescriptionAndHealth() throws IOException {
        counters.counter("uk_test_seen_total", "Seen").increment();
        String metrics = ask("GET", "/metrics", "");
        assertTrue(metrics.contains("Content-Type: text/plain; version=0.0.4\r\n"), metrics);
        assertTrue(metrics.contains("uk_test_seen_total 1\n"), metrics);
        assertTrue(ask("GET", "/describe", "").endsWith("\r\n\r\ndescribed"));
        assertTrue(ask("GET", "/health", "").endsWith("\r\n\r\nok\n"));
    }

    @Test
    void servesBytes() throws IOException {
        assertTrue(ask("GET", "/bytes/20", "").endsWith("\r\n\r\n000000000000000\n0000"));
        assertTrue(ask("HEAD", "/bytes/1T", "").contains("Content-Length: 1099511627776\r\n"));
        assertTrue(ask("GET", "/bytes/many", "").startsWith("HTTP/1.1 400 "));
    }

    @Test
    void servesTheCaptureIfThereIsOne(@TempDir Path folder) throws IOException {
        String missing = ask("GET", "/capture", "");
        assertTrue(missing.startsWith("HTTP/1.1 404 ") && missing.contains("uk.pcap.file="), missing);

        capture = folder.resolve("a.pcap");
        String text = "frames ".repeat(3_000);
        Files.writeString(capture, text);
        assertTrue(ask("GET", "/capture", "").endsWith("\r\n\r\n" + text));
        String head = ask("HEAD", "/capture", "");
        assertTrue(head.contains("Content-Length: 21000\r\n") && head.endsWith("\r\n\r\n"), head);
    }

    @Test
    void answersAnUploadWithItsSizeAndDigest() throws IOException {
        String answer = ask("POST", "/upload", "abc");
        assertEquals(
                "3 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n",
                answer.substring(answer.indexOf("\r\n\r\n") + 4));
    }

    @Test
    void saysWhatWorksWhere() throws IOException {
        assertTrue(ask("GET", "/nowhere", "").startsWith("HTTP/1.1 404 "));
        String answer = ask("GET", "/upload", "");
        assertTrue(answer.startsWith("HTTP/1.1 405 ") && answer.contains("\r\nAllow: POST\r\n"), answer);
        assertTrue(ask("DELETE", "/", "").contains("\r\nAllow: GET, HEAD\r\n"));
    }
}
