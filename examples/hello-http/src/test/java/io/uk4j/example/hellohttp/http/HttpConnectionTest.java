package io.uk4j.example.hellohttp.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class HttpConnectionTest {
    private static final String GET = "GET /p?q HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final long SECOND_NS = 1_000_000_000L;

    @Test
    void answersWithDateLengthAndContent() {
        List<String> lines = List.of(
                "HTTP/1.1 200 OK",
                "Date: Thu, 01 Jan 1970 00:00:00 GMT",
                "Content-Type: text/plain; charset=utf-8",
                "Content-Length: 11",
                "",
                "POST /p?q x");
        String request = "POST /p?q HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
        assertEquals(String.join("\r\n", lines), Http.echo(ScriptedTransport.of(request)));
    }

    @Test
    void decodesPathAndChunks() {
        String answer = Http.echo(ScriptedTransport.of(
                "POST /%e2%82%ac HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                "2\r\nab\r\n1;x\r\nc\r\n0\r\nT: u\r\n\r\n"));
        String text = new String(answer.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        assertTrue(text.endsWith("\r\n\r\nPOST /\u20ac? abc"), text);
    }

    @Test
    void answersHeadWithTheLengthAlone() {
        String answer = Http.echo(ScriptedTransport.of("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"));
        assertTrue(answer.contains("Content-Length: 8\r\n") && answer.endsWith("\r\n\r\n"), answer);
    }

    @Test
    void saysThatItClosesWhenItDoes() {
        assertTrue(Http.echo(ScriptedTransport.of("GET / HTTP/1.0\r\n\r\n")).contains("\r\nConnection: close\r\n"));
        assertTrue(Http.echo(ScriptedTransport.of("nonsense\r\n")).contains("\r\nConnection: close\r\n"));
        assertFalse(Http.echo(ScriptedTransport.of(GET)).contains("\r\nConnection: close\r\n"));
    }

    @Test
    void asksForContentOnlyWhenTheHandlerDoes() {
        String head = " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
        assertTrue(
                Http.echo(ScriptedTransport.of("POST /x" + head, "abc")).startsWith("HTTP/1.1 100 Continue\r\n\r\n"));
        assertTrue(Http.echo(ScriptedTransport.of("POST /deaf" + head)).startsWith("HTTP/1.1 200 OK\r\n"));
    }

    @Test
    void closesAnIdleConnectionWithoutAWord() {
        ScriptedTransport client = ScriptedTransport.of(GET).thenSilence();
        assertEquals(List.of(200), Http.statuses(Http.echo(client)));
        assertTrue(client.outputEnded());
        assertEquals(11 * SECOND_NS, client.nowNs(), "idle for 10 s, then lingering for 1 s");
    }

    @Test
    void refusesAHeaderThatTakesTooLongHoweverSteadilyItComes() {
        String[] pieces = GET.split("(?s)(?<=.)", -1);
        ScriptedTransport client = ScriptedTransport.of(pieces).eachAfter(SECOND_NS);
        assertEquals(List.of(408), Http.statuses(Http.echo(client)));
    }

    @Test
    void refusesContentThatComesTooSlowly() {
        String[] pieces = Collections.nCopies(100, "a").toArray(new String[0]);
        pieces[0] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n";
        assertEquals(
                List.of(408),
                Http.statuses(Http.echo(ScriptedTransport.of(pieces).eachAfter(SECOND_NS))));
        assertEquals(
                List.of(200),
                Http.statuses(Http.echo(ScriptedTransport.of(pieces).eachAfter(SECOND_NS / 100))),
                "100 bytes a second are enough");
    }

    @Test
    void streamsMoreThanItsBuffer() {
        byte[] piece = new byte[50_000];
        Arrays.fill(piece, (byte) 'x');
        ScriptedTransport client = Http.serve(ScriptedTransport.of(GET), (_, response) -> {
            var body = response.begin(Status.OK, Http.TEXT, 100_007L);
            body.write(piece);
            body.write(piece, 0, 7);
            body.write(piece);
        });
        byte[] answer = client.answerBytes();
        int content = client.answers().indexOf("\r\n\r\n") + 4;
        assertEquals(100_007, answer.length - content);
        assertEquals("x".repeat(100_007), client.answers().substring(content));
    }

    @Test
    void answersAFailureOfTheHandlerWith500() {
        ScriptedTransport client = Http.serve(ScriptedTransport.of(GET + GET), (_, _) -> {
            throw new IllegalStateException("expected by the test");
        });
        assertEquals(List.of(500), Http.statuses(client.answers()));
    }

    @Test
    void endsTheConnectionWhenAnAnswerIsShorterThanAnnounced() {
        ScriptedTransport client = Http.serve(
                ScriptedTransport.of(GET + GET),
                (_, response) -> response.begin(Status.OK, Http.TEXT, 5).write(new byte[] {'a', 'b'}));
        assertTrue(client.answers().endsWith("\r\n\r\nab"), client.answers());
        assertTrue(client.outputEnded());
    }

    @Test
    void countsConnectionsAndAnswers() throws Exception {
        HttpStats stats = new HttpStats();
        HttpServer server = new HttpServer(
                (request, response) -> {
                    assertEquals(1, stats.live());
                    Http.ECHO.handle(request, response);
                },
                Http.LIMITS,
                () -> 0,
                new HttpDate(() -> 0),
                stats);
        server.serve(ScriptedTransport.of(GET + GET + "nonsense\r\n"));
        assertEquals(
                List.of(0L, 1L, 2L, 1L), List.of(stats.live(), stats.connections(), stats.answered(), stats.refused()));
    }
}
