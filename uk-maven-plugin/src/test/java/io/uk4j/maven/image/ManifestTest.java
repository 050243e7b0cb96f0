package io.uk4j.maven.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.maven.describe.Facts;
import io.uk4j.maven.describe.HtmlReport;
import io.uk4j.maven.describe.TextReport;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The manifest, and what is made of it. */
class ManifestTest {
    private static final Manifest MANIFEST = new Manifest(
            Manifest.FORMAT,
            "hello",
            "1 & 2",
            "2026-01-01T00:00:00Z",
            "kvm",
            "a.B",
            List.of("/jre/bin/java", "a.B", "@boot"),
            Map.of("LANG", "C"),
            Map.of("uk.net.ipv4", "10.0.0.1/24"),
            new Manifest.Memory(64 << 20, 200 << 20),
            new Manifest.Java("25.0.1", "<Somebody>", List.of("java.base")),
            List.of(
                    part("uk-boot", "boot", "Apache-2.0", 131_408),
                    part("com.example:hello:1", "application", null, 3_000),
                    part("io.uk4j:uk-core:1", "library", "Apache-2.0", 118_000),
                    part("java", "java", "GPL-2.0-with-classpath-exception", 65_000_000)));

    private static Manifest.Part part(
            String name, String kind, @org.jspecify.annotations.Nullable String licence, long bytes) {
        return new Manifest.Part(
                name,
                kind,
                "1",
                licence == null ? List.of() : List.of(licence),
                List.of(new Manifest.Entry("/" + name.replace(':', '-'), bytes, "00")));
    }

    @Test
    void isReadAsItWasWritten() {
        byte[] json = MANIFEST.toJson();
        assertEquals(MANIFEST, Manifest.parse(json));
        assertArrayEquals(json, Manifest.parse(json).toJson());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{}", "{\"format\":2}", "null"})
    void refusesWhatIsNone(String text) {
        assertThrows(IllegalArgumentException.class, () -> Manifest.parse(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void theBillHasEachPartOnce() {
        String bill = BillOfMaterials.of(MANIFEST);
        assertEquals(bill, BillOfMaterials.of(MANIFEST));
        assertTrue(bill.contains("\"pkg:maven/io.uk4j/uk-core@1?type=jar\""), bill);
        assertTrue(bill.contains("\"2026-01-01T00:00:00Z\""), bill);
        assertEquals(1, bill.split("\"name\" : \"hello\"", -1).length - 1, bill);
        assertTrue(!bill.contains("serialNumber"), bill);
    }

    @Test
    void theTextTellsSharesAndLicences() {
        String text = TextReport.of(new Facts(MANIFEST, 66_000_000, "5ea1"));
        assertTrue(text.contains("65.0 MB  98.5 %"), text);
        assertTrue(text.contains("none named") && text.contains("com.example:hello:1"), text);
        assertTrue(text.matches("(?s).*kernel: uk-boot +131.4 kB\n.*kernel: Linux.* +36.6 MB\n.*"), text);
    }

    @Test
    void thePageIsWellFormedAndEscaped() throws Exception {
        String page = HtmlReport.of(new Facts(MANIFEST, 66_000_000, "5ea1"));
        String svg = page.substring(page.indexOf("<svg"), page.indexOf("</svg>") + 6);
        var document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new java.io.ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        assertEquals(4, document.getElementsByTagName("rect").getLength());
        assertTrue(page.contains("hello 1 &amp; 2 for kvm"), page);
        assertTrue(page.contains("&lt;Somebody&gt;"), page);
    }
}
