package io.uk4j.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Shows rows as a table, and keeps them as JSON. */
final class Report {
    private Report() {}

    /** Prints rows aligned. */
    static void print(List<Row> rows, PrintStream out) {
        int width = rows.stream().mapToInt(row -> row.testCase().length()).max().orElse(4);
        String format = "%-" + Math.max(width, 4) + "s  %-12s %12s %-8s  %-20s %12s  %s%n";
        out.printf(Locale.ROOT, format, "case", "metric", "ours", "unit", "peer", "peer's", "ratio");
        for (Row row : rows) {
            boolean alone = row.peer() == null;
            out.printf(
                    Locale.ROOT,
                    format,
                    row.testCase(),
                    row.metric(),
                    number(row.value()),
                    row.unit(),
                    alone ? "-" : row.peer(),
                    alone ? "-" : number(row.peerValue()),
                    alone ? "-" : String.format(Locale.ROOT, "%.2f", row.ratio()));
        }
    }

    /** Writes rows to a file as a JSON array. */
    static void write(List<Row> rows, Path file) {
        String text = rows.stream().map(row -> "  " + row.json()).collect(Collectors.joining(",\n", "[\n", "\n]\n"));
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException("The figures could not be written to " + file, e);
        }
    }

    private static String number(double value) {
        return Math.abs(value) >= 1000
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%.3g", value);
    }
}
