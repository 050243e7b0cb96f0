package io.uk4j.example.hellohttp.http;

import java.io.InputStream;

/**
 * A request whose header has arrived and is valid.
 *
 * @param method one that this server knows, such as {@code GET}
 * @param path the path, percent-decoded; begins with a slash, or is {@code *}
 * @param query what stands after the question mark, as it came; empty without one
 * @param minorVersion 0 for HTTP/1.0, else at least 1
 * @param fields the header fields
 * @param body the content, decoded; to be read at most once, while the request is being handled
 * @param keepAlive whether the client lets the connection stay open
 */
public record Request(
        String method,
        String path,
        String query,
        int minorVersion,
        Fields fields,
        InputStream body,
        boolean keepAlive) {}
