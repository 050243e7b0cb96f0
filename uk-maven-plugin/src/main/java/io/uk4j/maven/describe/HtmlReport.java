package io.uk4j.maven.describe;

import io.uk4j.maven.image.Manifest;
import io.uk4j.maven.image.Sizes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An image told as a page of its own, without scripts and without anything from elsewhere. */
public final class HtmlReport {
    private static final double WIDTH = 960;
    private static final double HEIGHT = 480;
    private static final double LABEL_WIDTH = 90;
    private static final double LABEL_HEIGHT = 16;
    private static final double CHARACTER_WIDTH = 6.5;
    private static final Map<String, String> COLOURS = Map.of(
            "application", "#2f7d4f",
            "library", "#4f8fc0",
            "java", "#d9a441",
            "c-library", "#8a7f72",
            "boot", "#b5473c",
            "aot-cache", "#e3c98f",
            "configuration", "#777777");

    private HtmlReport() {}

    /**
     * Tells it.
     *
     * @param facts of the image
     * @return a page in UTF-8
     */
    public static String of(Facts facts) {
        Manifest manifest = facts.manifest();
        String title = escape(manifest.name() + ' ' + manifest.version() + " for " + manifest.platform());
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>%s</title>
                <style>
                body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff; }
                svg { width: 100%%; height: auto; }
                rect { stroke: #fff; }
                text { font: 11px system-ui, sans-serif; fill: #fff; }
                pre { overflow-x: auto; background: #f4f4f4; padding: 1em; }
                @media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b; } rect { stroke: #1b1b1b; } pre { background: #2a2a2a; } }
                </style>
                </head>
                <body>
                <h1>%s</h1>
                <p>%s; it needs %s of memory. Each area is a file; point at it to see which.</p>
                %s
                <pre>%s</pre>
                </body>
                </html>
                """.formatted(
                        title,
                        title,
                        Sizes.text(facts.imageBytes()),
                        Sizes.mebibytes(manifest.memory().neededBytes()),
                        picture(facts),
                        escape(TextReport.of(facts)));
    }

    private static String picture(Facts facts) {
        List<Area> areas = new ArrayList<>();
        for (Manifest.Part part : facts.manifest().parts()) {
            for (Manifest.Entry entry : part.files()) {
                if (entry.bytes() > 0) {
                    areas.add(new Area(part.kind(), entry.path(), entry.bytes()));
                }
            }
        }
        areas.sort(Comparator.comparingLong(Area::bytes).reversed().thenComparing(Area::path));
        List<Treemap.Box> boxes =
                Treemap.layOut(areas.stream().map(Area::bytes).toList(), new Treemap.Box(0, 0, WIDTH, HEIGHT));
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"Sizes of the files\">%n",
                WIDTH,
                HEIGHT));
        for (int i = 0; i < boxes.size(); i++) {
            Treemap.Box box = boxes.get(i);
            Area area = areas.get(i);
            svg.append(String.format(
                    Locale.ROOT,
                    "<g><title>%s: %s</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>",
                    escape(area.path),
                    Sizes.text(area.bytes),
                    box.x(),
                    box.y(),
                    box.width(),
                    box.height(),
                    COLOURS.getOrDefault(area.kind, "#777777")));
            if (box.width() > LABEL_WIDTH && box.height() > LABEL_HEIGHT) {
                String name = area.path.substring(area.path.lastIndexOf('/') + 1);
                int fits = (int) (box.width() / CHARACTER_WIDTH);
                svg.append(String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%.1f\">%s</text>",
                        box.x() + 4,
                        box.y() + 13,
                        escape(name.length() > fits ? name.substring(0, fits) : name)));
            }
            svg.append("</g>\n");
        }
        return svg.append("</svg>").toString();
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** A file of the image. */
    private record Area(String kind, String path, long bytes) {}
}
