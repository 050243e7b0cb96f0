package io.uk4j.net.pcap;

import io.uk4j.core.config.Key;
import io.uk4j.core.config.KeyProvider;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * The configuration keys of packet capture.
 *
 * <p>Thread rule: shared, immutable.
 */
public final class PcapKeys implements KeyProvider {
    /** Where the capture goes. Without a default: nothing is captured unless it is set. */
    public static final Key<Path> FILE = Key.of(
            "uk.pcap.file",
            "a file, such as /tmp/net.pcap",
            "where the frames of the network device are recorded, in place of what was there; without it they are not",
            PcapKeys::file);

    /** How long the capture gets. */
    public static final Key<Long> BYTES = Key.size(
                    "uk.pcap.bytes",
                    4 << 10,
                    1L << 40,
                    "how long the capture gets at most; what does not fit is counted, and the capture ends there")
            .withDefault("4M");

    /** How much of each frame is captured. */
    public static final Key<Long> SNAPLEN = Key.size(
                    "uk.pcap.snaplen",
                    PcapWriter.MIN_SNAPLEN_BYTES,
                    PcapWriter.MAX_SNAPLEN_BYTES,
                    "how many bytes of each frame are captured; 128 show the headers")
            .withDefault("256K");

    /** Called by {@link java.util.ServiceLoader}. */
    public PcapKeys() {}

    @Override
    public Collection<Key<?>> keys() {
        return List.of(FILE, BYTES, SNAPLEN);
    }

    private static Path file(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("empty");
        }
        return Path.of(text);
    }
}
