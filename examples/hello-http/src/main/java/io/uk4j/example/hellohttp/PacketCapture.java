package io.uk4j.example.hellohttp;

import io.uk4j.example.hellohttp.http.Handler;
import io.uk4j.example.hellohttp.http.Request;
import io.uk4j.example.hellohttp.http.Response;
import io.uk4j.example.hellohttp.http.Status;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The frames that were captured until now, for {@code tcpdump -r} or Wireshark. What comes while they are sent, the answer's own
 * frames among it, is in the next answer.
 *
 * @param file where the capture goes, or null if there is none
 */
record PacketCapture(@Nullable Path file) implements Handler {
    private static final int PIECE_BYTES = 8 << 10;

    @Override
    public void handle(Request request, Response response) throws IOException {
        if (file == null) {
            response.send(
                    Status.NOT_FOUND,
                    Router.PLAIN,
                    "Nothing is captured. Start with uk.pcap.file=/tmp/hello.pcap: docs/images.md tells how in an image.\n");
            return;
        }
        try (InputStream from = new FileInputStream(file.toFile())) {
            long length = Files.size(file);
            response.header("Cache-Control", "no-store")
                    .header("Content-Disposition", "attachment; filename=hello.pcap");
            OutputStream to = response.begin(Status.OK, "application/vnd.tcpdump.pcap", length);
            if (response.wantsBody()) {
                send(from, to, length);
            }
        }
    }

    /** No more than was announced, for the file grows meanwhile. */
    private static void send(InputStream from, OutputStream to, long length) throws IOException {
        byte[] piece = new byte[PIECE_BYTES];
        long left = length;
        while (left > 0) {
            int count = from.read(piece, 0, (int) Math.min(left, piece.length));
            if (count < 0) {
                throw new IOException("The capture got shorter while it was sent");
            }
            to.write(piece, 0, count);
            left -= count;
        }
    }
}
