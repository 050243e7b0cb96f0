/**
 * A small HTTP/1.1 server (RFC 9110, RFC 9112) over a pair of blocking streams. It knows nothing of the stack under it: a
 * {@link io.uk4j.example.hellohttp.http.Transport} is all that it asks for.
 */
package io.uk4j.example.hellohttp.http;
