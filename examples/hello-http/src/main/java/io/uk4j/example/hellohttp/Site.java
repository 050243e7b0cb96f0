package io.uk4j.example.hellohttp;

import io.uk4j.core.metrics.Counters;
import io.uk4j.example.hellohttp.http.Handler;
import io.uk4j.example.hellohttp.http.HttpStats;
import io.uk4j.example.hellohttp.http.Request;
import io.uk4j.example.hellohttp.http.Response;
import io.uk4j.example.hellohttp.http.Status;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is served where.
 *
 * @param facts what the page tells about the appliance, by name
 * @param stats what the server counts
 * @param counters what all of the appliance counts
 * @param description the appliance's own description
 * @param capture where the frames of the network are recorded, or null
 * @param nowNs monotonic time
 */
record Site(
        Map<String, String> facts,
        HttpStats stats,
        Counters counters,
        Supplier<String> description,
        @Nullable Path capture,
        LongSupplier nowNs) {
    private static final String BYTES = "/bytes/";

    /** The handler of all paths. Uptime counts from this call. */
    Handler handler() {
        long startedNs = nowNs.getAsLong();
        Page page = new Page(facts, stats, counters);
        return new Router()
                .get(
                        "/",
                        (_, response) ->
                                send(response, "text/html; charset=utf-8", page.html(nowNs.getAsLong() - startedNs)))
                .get("/metrics", (_, response) -> send(response, "text/plain; version=0.0.4", counters.text()))
                .get("/describe", (_, response) -> send(response, Router.PLAIN, description.get()))
                .get("/health", (_, response) -> send(response, Router.PLAIN, "ok\n"))
                .get("/recording", new FlightRecording())
                .get("/capture", new PacketCapture(capture))
                .get(BYTES, Site::bytes)
                .post("/upload", new Upload());
    }

    private static void send(Response response, String type, String text) throws IOException {
        response.header("Cache-Control", "no-store").send(Status.OK, type, text);
    }

    private static void bytes(Request request, Response response) throws IOException {
        long size = NumberedLines.tryParseSize(request.path().substring(BYTES.length()));
        if (size < 0) {
            response.send(Status.BAD_REQUEST, Router.PLAIN, "Which size? /bytes/1000, /bytes/64K, /bytes/1G.\n");
            return;
        }
        OutputStream output = response.begin(Status.OK, "application/octet-stream", size);
        if (response.wantsBody()) {
            NumberedLines.write(size, output);
        }
    }
}
