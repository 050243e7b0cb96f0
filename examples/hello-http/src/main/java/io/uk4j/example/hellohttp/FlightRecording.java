package io.uk4j.example.hellohttp;

import io.uk4j.example.hellohttp.http.Handler;
import io.uk4j.example.hellohttp.http.Request;
import io.uk4j.example.hellohttp.http.Response;
import io.uk4j.example.hellohttp.http.Status;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;

/** What JFR has recorded until now, for {@code jfr print} or JDK Mission Control. The JVM has to record: {@code -XX:StartFlightRecording}. */
final class FlightRecording implements Handler {
    @Override
    public void handle(Request request, Response response) throws IOException {
        if (!FlightRecorder.isInitialized()
                || FlightRecorder.getFlightRecorder().getRecordings().isEmpty()) {
            response.send(
                    Status.NOT_FOUND,
                    Router.PLAIN,
                    "Nothing is recorded. Start the JVM with -XX:StartFlightRecording: docs/images.md tells how in an image.\n");
            return;
        }
        Path file = Files.createTempFile("hello", ".jfr");
        try {
            dump(file);
            try (InputStream from = Files.newInputStream(file)) {
                response.header("Content-Disposition", "attachment; filename=hello.jfr");
                from.transferTo(response.begin(Status.OK, "application/octet-stream", Files.size(file)));
            }
        } finally {
            Files.delete(file);
        }
    }

    /** Collecting takes a while, so another thread does it; the fiber waits, and the loop goes on. */
    private static void dump(Path file) throws IOException {
        try {
            CompletableFuture.runAsync(() -> {
                        try (Recording snapshot =
                                FlightRecorder.getFlightRecorder().takeSnapshot()) {
                            snapshot.dump(file);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    })
                    .join();
        } catch (CompletionException e) {
            throw new IOException("The recording cannot be had", e);
        }
    }
}
