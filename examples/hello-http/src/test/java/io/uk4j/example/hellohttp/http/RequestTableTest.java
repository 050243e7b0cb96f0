package io.uk4j.example.hellohttp.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Good and bad requests with the statuses they get, whole and split at every byte. */
class RequestTableTest {
    private static final String HOST = "Host: a\r\n";
    private static final String GET = "GET / HTTP/1.1\r\n" + HOST;
    private static final String POST = "POST / HTTP/1.1\r\n" + HOST;

    private static Arguments row(String name, String request, Integer... statuses) {
        return Arguments.of(name, request, List.of(statuses));
    }

    static Stream<Arguments> requests() {
        return Stream.of(goodOnes(), badLines(), badFields(), badFramings(), beyondLimits())
                .flatMap(rows -> rows);
    }

    private static Stream<Arguments> goodOnes() {
        return Stream.of(
                row("the least", GET + "\r\n", 200),
                row("nothing", ""),
                row("an empty line before", "\r\n" + GET + "\r\n", 200),
                row("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200),
                row("a later minor version", "GET / HTTP/1.9\r\n" + HOST + "\r\n", 200),
                row(
                        "two of HTTP/1.0 kept alive",
                        "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n".repeat(2),
                        200,
                        200),
                row("HTTP/1.0 is not kept alive by itself", "GET / HTTP/1.0\r\n\r\n".repeat(2), 200),
                row("three in one go", (GET + "\r\n").repeat(3), 200, 200, 200),
                row("the last says close", GET + "Connection: foo, CLOSE\r\n\r\n" + GET + "\r\n", 200),
                row("absolute form", "GET http://b:80/x?y HTTP/1.1\r\n" + HOST + "\r\n", 200),
                row("absolute form without path", "GET HTTPS://b?y HTTP/1.1\r\n" + HOST + "\r\n", 200),
                row("asterisk form", "OPTIONS * HTTP/1.1\r\n" + HOST + "\r\n", 200),
                row("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 200),
                row("an address as Host", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200),
                row("percent signs", "GET /%e2%82%ac%20x HTTP/1.1\r\n" + HOST + "\r\n", 200),
                row("blanks around a value", GET + "A: \t b\tc \t\r\n\r\n", 200),
                row("octets over 127 in a value", GET + "A: \u00e4\r\n\r\n", 200),
                row("content, then another", POST + "Content-Length: 3\r\n\r\nabc" + GET + "\r\n", 200, 200),
                row("the same length twice", POST + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200),
                row("the same length in a list", POST + "Content-Length: 3, 3\r\n\r\nabc" + GET + "\r\n", 200, 200),
                row("a length with zeros in front", POST + "Content-Length: 000000000000000000003\r\n\r\nabc", 200),
                row(
                        "chunks, extensions, a trailer",
                        POST + "Transfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n00B \t;c=\"d;\"\r\n01234567890\r\n"
                                + "0\r\nX: y\r\n\r\n" + GET + "\r\n",
                        200,
                        200),
                row("an empty element of the codings", POST + "Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n", 200),
                row(
                        "content that is not read",
                        "POST /deaf HTTP/1.1\r\n" + HOST + "Content-Length: 3\r\n\r\nabc" + GET + "\r\n",
                        200,
                        200),
                row("an expectation", POST + "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na", 100, 200),
                row("an expectation of HTTP/1.0", "POST / HTTP/1.0\r\nExpect: x\r\nContent-Length: 1\r\n\r\na", 200),
                row(
                        "an expectation that nobody answers ends the connection",
                        "POST /deaf HTTP/1.1\r\n" + HOST + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\na" + GET
                                + "\r\n",
                        200));
    }

    private static Stream<Arguments> badLines() {
        return Stream.of(
                row("no version", "GET /\r\n\r\n", 400),
                row("two spaces", "GET  / HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("a space at the end", "GET / HTTP/1.1 \r\n" + HOST + "\r\n", 400),
                row("a tab", "GET\t/ HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("a lower-case version", "GET / http/1.1\r\n" + HOST + "\r\n", 400),
                row("a long version", "GET / HTTP/1.10\r\n" + HOST + "\r\n", 400),
                row("another protocol's opening", "\u0016\u0003\u0001\u0002\u0000", 400),
                row("HTTP/2's opening", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
                row("version 0.9", "GET / HTTP/0.9\r\n\r\n", 505),
                row("a method nobody knows", "BREW / HTTP/1.1\r\n" + HOST + "\r\n", 501),
                row("a method in lower case", "get / HTTP/1.1\r\n" + HOST + "\r\n", 501),
                row("a tunnel", "CONNECT a:1 HTTP/1.1\r\n" + HOST + "\r\n", 501),
                row("a method that is no token", "G(T / HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("a relative target", "GET x HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("an asterisk", "GET * HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("a fragment", "GET /#a HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("an octet over 127", "GET /\u00e4 HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("no host in absolute form", "GET http:///x HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("a user in absolute form", "GET http://u@b/ HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("a percent sign alone", "GET /% HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("a percent sign cut short", "GET /%4 HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("a percent sign with a sign", "GET /%+1 HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("an encoded NUL", "GET /%00 HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("a path that is not UTF-8", "GET /%ff HTTP/1.1\r\n" + HOST + "\r\n", 400),
                row("LF alone", "GET / HTTP/1.1\nHost: a\n\n", 400),
                row("CR alone", "GET / HTTP/1.1\rHost: a\r\r", 400),
                row("many empty lines", "\r\n\r\n\r\n" + GET + "\r\n", 400),
                row("the end in the middle of the line", "GET / HT", 400),
                row("the end in the middle of the header", GET + "A: b\r\n", 400));
    }

    private static Stream<Arguments> badFields() {
        return Stream.of(
                row("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
                row("two Hosts", GET + HOST + "\r\n", 400),
                row("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\n" + HOST + HOST + "\r\n", 400),
                row("two hosts in one", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400),
                row("a path as Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
                row("a port that is none", "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", 400),
                row("white space before the colon", GET + "A : b\r\n\r\n", 400),
                row("a folded line", GET + "A: b\r\n c\r\n\r\n", 400),
                row("a folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
                row("no colon", GET + "A\r\n\r\n", 400),
                row("no name", GET + ": b\r\n\r\n", 400),
                row("a name that is no token", GET + "A(: b\r\n\r\n", 400),
                row("a name over 127", GET + "\u00e4: b\r\n\r\n", 400),
                row("a NUL", GET + "A: \u0000\r\n\r\n", 400),
                row("a DEL", GET + "A: \u007f\r\n\r\n", 400),
                row("CR in a value", GET + "A: b\rC: d\r\n\r\n", 400),
                row("LF in a value", GET + "A: b\nC: d\r\n\r\n", 400),
                row("an expectation nobody meets", POST + "Expect: cake\r\nContent-Length: 1\r\n\r\na", 417));
    }

    private static Stream<Arguments> badFramings() {
        String te = POST + "Transfer-Encoding: ";
        return Stream.of(
                row("length and chunks", te + "chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
                row("lengths that differ", POST + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
                row("lengths that differ in a list", POST + "Content-Length: 3, 4\r\n\r\nabcd", 400),
                row("a sign", POST + "Content-Length: +3\r\n\r\nabc", 400),
                row("a negative length", POST + "Content-Length: -3\r\n\r\nabc", 400),
                row("an empty length", POST + "Content-Length:\r\n\r\n", 400),
                row("a list with a gap", POST + "Content-Length: 3,\r\n\r\nabc", 400),
                row("a hexadecimal length", POST + "Content-Length: 0x3\r\n\r\nabc", 400),
                row("chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                row("another coding", te + "gzip\r\n\r\n", 501),
                row("another coding below", te + "gzip, chunked\r\n\r\n0\r\n\r\n", 501),
                row("chunked not last", te + "chunked, gzip\r\n\r\n0\r\n\r\n", 400),
                row("chunked twice", te + "chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                row("no coding", te + "\r\n\r\n0\r\n\r\n", 400),
                row("a coding with vertical tab", te + "\u000bchunked\r\n\r\n0\r\n\r\n", 400),
                row("content cut short", POST + "Content-Length: 3\r\n\r\nab", 400),
                row("a chunk cut short", te + "chunked\r\n\r\n3\r\nab", 400),
                row("chunks without end", te + "chunked\r\n\r\n3\r\nabc\r\n", 400),
                row("no size", te + "chunked\r\n\r\n\r\n", 400),
                row("a size that is no number", te + "chunked\r\n\r\nxyz\r\n", 400),
                row("a size with a prefix", te + "chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", 400),
                row("a negative size", te + "chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n", 400),
                row("a size of many digits", te + "chunked\r\n\r\n0000000000000001\r\na\r\n0\r\n\r\n", 400),
                row("a size behind a blank", te + "chunked\r\n\r\n 1\r\na\r\n0\r\n\r\n", 400),
                row("a blank behind a size", te + "chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n", 400),
                row("a size that ends in LF", te + "chunked\r\n\r\n1\na\r\n0\r\n\r\n", 400),
                row("an extension with LF", te + "chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n", 400),
                row("a chunk longer than its size", te + "chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400),
                row("a trailer with a folded line", te + "chunked\r\n\r\n0\r\nA: b\r\n c\r\n\r\n", 400));
    }

    private static Stream<Arguments> beyondLimits() {
        String chunks = POST + "Transfer-Encoding: chunked\r\n\r\n";
        return Stream.of(
                row("a long target", "GET /" + "a".repeat(256) + " HTTP/1.1\r\n" + HOST + "\r\n", 414),
                row("a long method", "A".repeat(257), 501),
                row("a long field", GET + "A: " + "b".repeat(512) + "\r\n\r\n", 431),
                row("long fields together", GET + ("A: " + "b".repeat(100) + "\r\n").repeat(5) + "\r\n", 431),
                row("many fields", GET + "A: b\r\n".repeat(8) + "\r\n", 431),
                row("as many fields as are taken", GET + "A: b\r\n".repeat(7) + "\r\n", 200),
                row("much content", POST + "Content-Length: 4097\r\n\r\n", 413),
                row("content of astronomical length", POST + "Content-Length: 99999999999999999999\r\n\r\n", 413),
                row("a large chunk", chunks + "1001\r\n", 413),
                row("a chunk of astronomical length", chunks + "fffffffffffffff\r\n", 413),
                row("many chunks", chunks + ("400\r\n" + "a".repeat(1024) + "\r\n").repeat(5), 413),
                row("a long extension", chunks + "1;" + "a".repeat(1024) + "\r\na\r\n0\r\n\r\n", 400),
                row("many extensions", chunks + ("1;" + "a".repeat(30) + "\r\na\r\n").repeat(3) + "0\r\n\r\n", 400),
                row("many trailer lines", chunks + "0\r\n" + "A: b\r\n".repeat(9) + "\r\n", 431),
                row(
                        "content that is not read, and too much to drain",
                        "POST /deaf HTTP/1.1\r\n" + HOST + "Content-Length: 4000\r\n\r\n" + "a".repeat(4000) + GET
                                + "\r\n",
                        200));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("requests")
    void answersWhole(String name, String request, List<Integer> statuses) {
        ScriptedTransport client = ScriptedTransport.of(request);
        assertEquals(statuses, Http.statuses(Http.echo(client)), name);
        assertTrue(client.outputEnded());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("requests")
    void answersTheSameWhereverItIsSplit(String name, String request, List<Integer> statuses) {
        byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
        String whole = Http.echo(new ScriptedTransport(bytes));
        for (int at = 1; at < bytes.length; at++) {
            ScriptedTransport client =
                    new ScriptedTransport(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, at, bytes.length));
            assertEquals(whole, Http.echo(client), name + ", split at " + at);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("requests")
    void answersTheSameByteByByte(String name, String request, List<Integer> statuses) {
        byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
        byte[][] pieces = new byte[bytes.length][];
        for (int i = 0; i < bytes.length; i++) {
            pieces[i] = new byte[] {bytes[i]};
        }
        assertEquals(Http.echo(new ScriptedTransport(bytes)), Http.echo(new ScriptedTransport(pieces)), name);
    }
}
