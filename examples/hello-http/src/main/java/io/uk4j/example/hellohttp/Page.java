package io.uk4j.example.hellohttp;

import io.uk4j.core.metrics.Counters;
import io.uk4j.example.hellohttp.http.HttpStats;
import java.time.Duration;
import java.util.Map;

/** The page at the root: how the appliance is doing, as it is, without scripts. It loads itself again every two seconds. */
final class Page {
    private static final String HEAD = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta http-equiv="refresh" content="2">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <link rel="icon" href="data:,">
            <title>Hello from uk4j</title>
            <style>
              :root { color-scheme: light dark }
              body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
              h1 { font-weight: 600; margin-bottom: 0 }
              dl { display: flex; flex-wrap: wrap; gap: 1rem; margin: 2rem 0 }
              dl div { border: 1px solid #8884; border-radius: .5rem; padding: .5rem 1rem; min-width: 8rem }
              dt { font-size: .8rem; opacity: .7 }
              dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums }
              table { border-collapse: collapse; width: 100%; font-size: .85rem }
              td { border-top: 1px solid #8883; padding: .2rem .5rem .2rem 0 }
              td:last-child { text-align: right; font-variant-numeric: tabular-nums }
              code { font-family: ui-monospace, monospace }
            </style>
            """;

    private final Map<String, String> facts;
    private final HttpStats stats;
    private final Counters counters;

    /**
     * Creates it.
     *
     * @param facts what does not change while the appliance runs, in order
     */
    Page(Map<String, String> facts, HttpStats stats, Counters counters) {
        this.facts = facts;
        this.stats = stats;
        this.counters = counters;
    }

    String html(long uptimeNs) {
        StringBuilder html = new StringBuilder(HEAD);
        html.append(
                "<h1>Hello from uk4j</h1>\n<p>This page came to you through a TCP/IP stack written in Java.\n<dl>\n");
        fact(html, "uptime", format(Duration.ofNanos(uptimeNs)));
        fact(html, "live connections", Long.toString(stats.live()));
        fact(html, "requests", Long.toString(stats.answered() + stats.refused()));
        facts.forEach((name, value) -> fact(html, name, value));
        html.append("</dl>\n<p><a href=\"/metrics\">/metrics</a> · <a href=\"/describe\">/describe</a> · "
                + "<a href=\"/health\">/health</a> · <a href=\"/bytes/1M\">/bytes/1M</a> · POST /upload\n<table>\n");
        counters.forEach((name, labels, help, _, value) -> {
            if (value != 0) {
                html.append("<tr title=\"")
                        .append(escape(help))
                        .append("\"><td><code>")
                        .append(escape(name));
                if (!labels.isEmpty()) {
                    html.append('{').append(escape(labels)).append('}');
                }
                html.append("</code><td>").append(value).append('\n');
            }
        });
        return html.append("</table>\n</html>\n").toString();
    }

    private static void fact(StringBuilder html, String name, String value) {
        html.append("<div><dt>")
                .append(escape(name))
                .append("<dd>")
                .append(escape(value))
                .append("</div>\n");
    }

    private static String format(Duration uptime) {
        String clock =
                String.format("%d:%02d:%02d", uptime.toHoursPart(), uptime.toMinutesPart(), uptime.toSecondsPart());
        return uptime.toDays() == 0 ? clock : uptime.toDays() + " d " + clock;
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
