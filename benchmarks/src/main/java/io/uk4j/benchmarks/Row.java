package io.uk4j.benchmarks;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One figure, with the peer's beside it where there is one.
 *
 * @param testCase what was done
 * @param metric which of the documented metrics this is
 * @param unit the unit of both values
 * @param value ours
 * @param peer whose figure stands beside ours, or null
 * @param peerValue the peer's; meaningless without one
 * @param ratio above 1 ours is better, whatever the metric; meaningless without a peer
 */
record Row(
        String testCase,
        String metric,
        String unit,
        double value,
        @Nullable String peer,
        double peerValue,
        double ratio) {

    /** A figure of which more is better. */
    static Row more(String testCase, String metric, String unit, double value, String peer, double peerValue) {
        return new Row(testCase, metric, unit, value, peer, peerValue, value / peerValue);
    }

    /** A figure of which less is better: time, size, memory. */
    static Row less(String testCase, String metric, String unit, double value, String peer, double peerValue) {
        return new Row(testCase, metric, unit, value, peer, peerValue, peerValue / value);
    }

    /** A figure without a peer. */
    static Row alone(String testCase, String metric, String unit, double value) {
        return new Row(testCase, metric, unit, value, null, 0, 0);
    }

    /** The row as a JSON object; the last three fields are left out without a peer. */
    String json() {
        StringBuilder text = new StringBuilder("{\"case\": ")
                .append(quoted(testCase))
                .append(", \"metric\": ")
                .append(quoted(metric))
                .append(", \"unit\": ")
                .append(quoted(unit))
                .append(", \"value\": ")
                .append(number(value));
        if (peer != null) {
            text.append(", \"peer\": ")
                    .append(quoted(peer))
                    .append(", \"peerValue\": ")
                    .append(number(peerValue))
                    .append(", \"ratio\": ")
                    .append(number(ratio));
        }
        return text.append('}').toString();
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.6g", value) : "null";
    }
}
