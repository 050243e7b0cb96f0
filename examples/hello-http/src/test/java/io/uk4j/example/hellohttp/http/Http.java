package io.uk4j.example.hellohttp.http;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Serves scripted clients, and reads what they were answered. */
final class Http {
    static final String TEXT = "text/plain; charset=utf-8";

    /** Small, so that tests reach them. */
    static final Limits LIMITS = new Limits(
            256, 512, 8, 4096, 64, 1024, 10_000_000_000L, 5_000_000_000L, 5_000_000_000L, 100, 1_000_000_000L);

    /** Answers with method, path, query and content; {@code /deaf} without reading the content. */
    static final Handler ECHO = (request, response) -> {
        String content = request.path().equals("/deaf")
                ? "?"
                : new String(request.body().readAllBytes(), StandardCharsets.ISO_8859_1);
        response.send(Status.OK, TEXT, request.method() + ' ' + request.path() + '?' + request.query() + ' ' + content);
    };

    private Http() {}

    /** Serves the client with {@link #ECHO}; returns all that it was answered. */
    static String echo(ScriptedTransport client) {
        return serve(client, ECHO).answers();
    }

    static ScriptedTransport serve(ScriptedTransport client, Handler handler) {
        HttpServer server =
                new HttpServer(handler, LIMITS, client::nowNs, new HttpDate(client::nowNs), new HttpStats());
        try {
            server.serve(client);
        } catch (IOException e) {
            fail(e);
        }
        return client;
    }

    /** The status codes of a sequence of answers, each complete by its Content-Length. */
    static List<Integer> statuses(String answers) {
        List<Integer> result = new ArrayList<>();
        int at = 0;
        while (at < answers.length()) {
            int headEnd = answers.indexOf("\r\n\r\n", at) + 4;
            String head = answers.substring(at, headEnd);
            result.add(Integer.parseInt(head.substring(9, 12)));
            int field = head.indexOf("Content-Length: ");
            int length = field < 0 ? 0 : Integer.parseInt(head.substring(field + 16, head.indexOf("\r\n", field)));
            at = headEnd + length;
        }
        return result;
    }
}
