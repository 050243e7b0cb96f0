package io.uk4j.example.hellohttp.http;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes requests from a connection (RFC 9112, sections 2 and 3). Each refusal is a {@link ProtocolError} with its status. */
final class RequestParser {
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH");

    private final BufferedInput input;
    private final LineReader lines;
    private final FieldParser fieldParser;
    private final Limits limits;

    RequestParser(BufferedInput input, Limits limits) {
        this.input = input;
        this.limits = limits;
        this.lines = new LineReader(input, Math.max(limits.requestLineBytes(), limits.headerBytes()));
        this.fieldParser = new FieldParser(lines, limits);
    }

    /**
     * Takes the next request up to the end of its header.
     *
     * @return null if the client ended the connection between two requests
     */
    @Nullable
    Request tryParse() throws IOException {
        String line = tryRequestLine();
        if (line == null) {
            return null;
        }
        int methodEnd = line.indexOf(' ');
        int targetEnd = line.lastIndexOf(' ');
        if (methodEnd == targetEnd) {
            throw ProtocolError.badRequest("A request line that is not method, target and version.");
        }
        String method = line.substring(0, methodEnd);
        if (!Chars.isToken(method)) {
            throw ProtocolError.badRequest("A method that is not a token.");
        }
        int minorVersion = minorVersion(line.substring(targetEnd + 1));
        if (!METHODS.contains(method)) {
            throw new ProtocolError(Status.NOT_IMPLEMENTED, "The method is not known.");
        }
        Target target = Target.parse(line.substring(methodEnd + 1, targetEnd), method);
        Fields fields = fieldParser.parse();
        checkHost(fields, minorVersion);
        return new Request(
                method,
                target.path(),
                target.query(),
                minorVersion,
                fields,
                body(fields, minorVersion),
                keepAlive(fields, minorVersion));
    }

    /** The request line, after an empty line that some clients put behind a body (RFC 9112, section 2.2). */
    private @Nullable String tryRequestLine() throws IOException {
        for (int empty = 0; empty < 2; empty++) {
            if (input.peek() < 0) {
                return null;
            }
            if (!lines.tryRead(limits.requestLineBytes())) {
                boolean methodEnds = lines.text().indexOf(' ') >= 0;
                throw methodEnds
                        ? new ProtocolError(
                                Status.URI_TOO_LONG,
                                "At most " + limits.requestLineBytes() + " bytes of request line are taken.")
                        : new ProtocolError(Status.NOT_IMPLEMENTED, "The method is not known.");
            }
            if (lines.length() > 0) {
                return lines.text();
            }
        }
        throw ProtocolError.badRequest("Empty lines where a request was expected.");
    }

    private static int minorVersion(String version) {
        if (version.length() != 8
                || !version.startsWith("HTTP/")
                || !Chars.isDigit(version.charAt(5))
                || version.charAt(6) != '.'
                || !Chars.isDigit(version.charAt(7))) {
            throw ProtocolError.badRequest("A version that does not read HTTP/1.1.");
        }
        if (version.charAt(5) != '1') {
            throw new ProtocolError(Status.VERSION_NOT_SUPPORTED, "The versions spoken are HTTP/1.1 and HTTP/1.0.");
        }
        return version.charAt(7) - '0';
    }

    /** RFC 9112, section 3.2: exactly one Host; HTTP/1.0 may do without. */
    private static void checkHost(Fields fields, int minorVersion) {
        List<String> hosts = fields.all("host");
        if (hosts.size() > 1 || (hosts.isEmpty() && minorVersion > 0)) {
            throw ProtocolError.badRequest(hosts.isEmpty() ? "No Host." : "More than one Host.");
        }
        if (!hosts.isEmpty()) {
            Target.checkedHost(hosts.getFirst());
        }
    }

    private BodyInput body(Fields fields, int minorVersion) {
        long length = Framing.of(fields, minorVersion, limits.bodyBytes());
        if (minorVersion > 0) {
            for (String expectation : fields.elements("expect")) {
                if (!expectation.equals("100-continue")) {
                    throw new ProtocolError(
                            Status.EXPECTATION_FAILED, "The only expectation that can be met is 100-continue.");
                }
            }
        }
        return length == Framing.CHUNKED ? new ChunkedInput(input, lines, limits) : new FixedInput(input, length);
    }

    /** RFC 9112, section 9.3. */
    private static boolean keepAlive(Fields fields, int minorVersion) {
        List<String> options = fields.elements("connection");
        return !options.contains("close") && (minorVersion > 0 || options.contains("keep-alive"));
    }
}
