package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What each artifact brings to who depends on it, third parties of third parties included, is on a list that is reviewed like
 * code. {@link ArchitectureTest} reads classes and sees what is used; this reads the bills of materials and sees what comes
 * along.
 */
class BillOfMaterialsIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final String LIST = "bills.txt";
    private static final Pattern PURL = Pattern.compile("\"purl\" : \"pkg:maven/([^@\"]+)@");

    @Test
    void artifactsBringNothingThatIsNotOnTheirList() throws IOException {
        TreeMap<String, String> found = new TreeMap<>();
        for (Path bill : bills()) {
            TreeSet<String> names = new TreeSet<>();
            String own = null;
            Matcher purl = PURL.matcher(Files.readString(bill));
            while (purl.find()) {
                // The first is the artifact itself.
                if (own == null) {
                    own = purl.group(1);
                } else if (!purl.group(1).equals(own)) {
                    names.add(purl.group(1));
                }
            }
            found.put(Objects.requireNonNull(own, () -> bill + " names no artifact"), String.join(" ", names));
        }
        StringBuilder text = new StringBuilder();
        found.forEach((artifact, names) ->
                text.append(artifact).append(": ").append(names).append('\n'));
        assertEquals(
                allowed(),
                text.toString(),
                "What the artifacts bring is not what system-tests/src/test/resources/" + LIST + " allows.\n"
                        + "Try: leave the dependency out; or change the list, and say in the commit why it is worth it.\n");
    }

    private static List<Path> bills() throws IOException {
        try (Stream<Path> modules = Files.list(ROOT);
                Stream<Path> examples = Files.list(ROOT.resolve("examples"))) {
            // Benchmarks are nobody's dependency.
            return Stream.concat(
                            modules.filter(
                                    module -> module.getFileName().toString().startsWith("uk-")),
                            examples)
                    .map(module -> module.resolve("target"))
                    .filter(Files::isDirectory)
                    .flatMap(BillOfMaterialsIT::billsIn)
                    .toList();
        }
    }

    private static Stream<Path> billsIn(Path target) {
        try (Stream<Path> files = Files.list(target)) {
            // An image has a bill of its own.
            return files
                    .filter(file -> file.toString().endsWith(".cdx.json")
                            && !file.toString().endsWith("-uk.cdx.json"))
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String allowed() throws IOException {
        try (InputStream list = BillOfMaterialsIT.class.getResourceAsStream("/" + LIST)) {
            return new String(Objects.requireNonNull(list, LIST).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
