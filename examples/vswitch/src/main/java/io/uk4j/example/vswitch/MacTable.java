package io.uk4j.example.vswitch;

import java.util.Arrays;

/**
 * Which station is behind which port, as learned from what it sent (IEEE 802.1D, section 7.8). It holds a fixed number of
 * stations; where two fall on the same place the later one takes it, and frames to the other are flooded until it speaks again.
 * An entry of a station that said nothing for five minutes counts no more.
 */
final class MacTable {
    /** The port of a station that is not known. */
    static final int UNKNOWN = -1;

    static final long AGE_LIMIT_NS = 300_000_000_000L;

    private static final int PLACES = 4096;
    private static final int WAYS = 4;

    private final long[] stations = new long[PLACES];
    private final int[] ports = new int[PLACES];
    private final long[] heardNs = new long[PLACES];

    /** Creates a table that knows nobody. */
    MacTable() {
        Arrays.fill(ports, UNKNOWN);
    }

    void learn(long station, int port, long nowNs) {
        int first = first(station);
        int chosen = first;
        for (int i = first; i < first + WAYS; i++) {
            if (ports[i] != UNKNOWN && stations[i] == station) {
                chosen = i;
                break;
            }
            // A free place is better than any other, and of those that are taken the one longest silent.
            boolean better = ports[i] == UNKNOWN || heardNs[i] - heardNs[chosen] < 0;
            if (ports[chosen] != UNKNOWN && better) {
                chosen = i;
            }
        }
        stations[chosen] = station;
        ports[chosen] = port;
        heardNs[chosen] = nowNs;
    }

    int port(long station, long nowNs) {
        int first = first(station);
        for (int i = first; i < first + WAYS; i++) {
            if (ports[i] != UNKNOWN && stations[i] == station) {
                return nowNs - heardNs[i] < AGE_LIMIT_NS ? ports[i] : UNKNOWN;
            }
        }
        return UNKNOWN;
    }

    private static int first(long station) {
        return (int) ((station * 0x9e37_79b9_7f4a_7c15L) >>> 54) * WAYS;
    }
}
