package io.uk4j.maven.describe;

import io.uk4j.maven.image.Manifest;
import io.uk4j.maven.image.Sizes;
import java.util.Locale;
import java.util.Map;

/** An image told as text. */
public final class TextReport {
    private static final int NAME_WIDTH = 56;
    private static final double PERCENT = 100.0;

    private final StringBuilder text = new StringBuilder();

    private TextReport() {}

    /**
     * Tells it.
     *
     * @param facts of the image
     * @return lines
     */
    public static String of(Facts facts) {
        return new TextReport().tell(facts);
    }

    private String tell(Facts facts) {
        Manifest manifest = facts.manifest();
        title(manifest.name() + ' ' + manifest.version() + " for " + manifest.platform());
        row("image", Sizes.text(facts.imageBytes()));
        row(
                "memory that it needs",
                Sizes.mebibytes(manifest.memory().neededBytes()) + ", of it Java heap "
                        + Sizes.mebibytes(manifest.memory().heapBytes()));
        row("main class", manifest.mainClass());
        row("Java", manifest.java().version() + " (" + manifest.java().implementor() + ')');
        row("JDK modules", String.join(", ", manifest.java().modules()));
        row("files dated", manifest.created());
        row("seal", facts.seal());
        title("Parts");
        for (Manifest.Part part : facts.parts()) {
            row(
                    part.name(),
                    String.format(
                            Locale.ROOT,
                            "%10s %5.1f %%",
                            Sizes.text(part.bytes()),
                            PERCENT * part.bytes() / facts.imageBytes()));
        }
        title("Below the application, against " + Linux.NAME + " with the same runtime");
        row("kernel: uk-boot", Sizes.text(facts.bytes("boot")));
        row("kernel: Linux, with modules for virtio", Sizes.text(Linux.KERNEL_BYTES + Linux.MODULE_BYTES));
        row("drivers, network and the like in Java (jars of uk4j)", Sizes.text(facts.constructs()));
        row("C library, the same in both", Sizes.text(facts.bytes("c-library")));
        row("Java runtime, the same in both", Sizes.text(facts.bytes("java")));
        title("Command");
        text.append("  ").append(String.join("\n    ", manifest.command())).append('\n');
        map("Environment", manifest.environment());
        map("Sealed configuration", manifest.configuration());
        title("Licences");
        facts.licences().forEach((licence, names) -> row(licence, String.join(", ", names)));
        if (!facts.unlicensed().isEmpty()) {
            row("none named", String.join(", ", facts.unlicensed()));
        }
        return text.toString();
    }

    private void map(String name, Map<String, String> map) {
        if (!map.isEmpty()) {
            title(name);
            map.forEach(this::row);
        }
    }

    private void title(String title) {
        text.append(text.length() == 0 ? "" : "\n").append(title).append('\n');
    }

    private void row(String name, String value) {
        text.append("  ")
                .append(name)
                .append(" ".repeat(Math.max(1, NAME_WIDTH - name.length())))
                .append(value)
                .append('\n');
    }
}
