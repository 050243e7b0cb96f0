package io.uk4j.example.hellohttp.http;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Requests with seeded damage: whatever comes, the answer is a sequence of complete HTTP answers, and no more than was asked. */
class RequestFuzzTest {
    private static final int ROUNDS = 10_000;

    private static final String[] SEEDS = {
        "GET /a?b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
        "GET http://b:80/ HTTP/1.1\r\nHost: b\r\nConnection: keep-alive\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nabcde\r\n0\r\nT: u\r\n\r\n",
        "POST /%41 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
        "HEAD / HTTP/1.0\r\n\r\n"
    };

    private static final String[] SNIPPETS = {
        "\r\n",
        "\r",
        "\n",
        " ",
        "\t",
        ":",
        "\r\n ",
        "\0",
        "%",
        "0",
        "ffffffffffffffff",
        "Content-Length: 1\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Host: b\r\n",
        ",",
        ";",
        "HTTP/1.1",
        "\u00ff",
        "chunked",
        "-1"
    };

    @Test
    void answersAnythingOrderly() {
        long seed = Long.getLong("uk.test.seed", 20_261_121L);
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] request = damaged(random);
            try {
                check(new ScriptedTransport(pieces(request, random)));
            } catch (RuntimeException | AssertionError e) {
                fail(
                        "uk.test.seed=" + seed + ", round " + round + ": "
                                + new String(request, StandardCharsets.ISO_8859_1),
                        e);
            }
        }
    }

    private static void check(ScriptedTransport client) {
        Handler bounded = (request, response) -> {
            byte[] content = request.body().readNBytes(1 << 20);
            assertTrue(content.length <= Http.LIMITS.bodyBytes());
            response.send(Status.OK, Http.TEXT, request.method().equals("HEAD") ? "" : "ok");
        };
        // A failure of the server itself shows as 500, which no damage to a request may bring about.
        assertTrue(
                Http.statuses(Http.serve(client, bounded).answers()).stream()
                        .allMatch(status -> status < 500 || status == 501 || status == 505),
                client.answers());
        assertTrue(client.outputEnded());
    }

    private static byte[] damaged(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(3); i >= 0; i--) {
            text.append(SEEDS[random.nextInt(SEEDS.length)]);
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(at, (char) random.nextInt(256));
                case 1 -> text.insert(at, SNIPPETS[random.nextInt(SNIPPETS.length)]);
                case 2 -> text.delete(at, Math.min(text.length() - 1, at + random.nextInt(8)));
                default -> text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(40))));
            }
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[][] pieces(byte[] request, Random random) {
        int at = random.nextInt(request.length + 1);
        return new byte[][] {Arrays.copyOf(request, at), Arrays.copyOfRange(request, at, request.length)};
    }
}
