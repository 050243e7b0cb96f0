package io.uk4j.maven.describe;

import io.uk4j.maven.image.Manifest;
import io.uk4j.maven.image.Manifest.Part;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What there is to tell of an image.
 *
 * <p>Thread rule: immutable.
 *
 * @param manifest of the image
 * @param imageBytes of the file or files
 * @param seal SHA-256 of the list of all files
 */
public record Facts(Manifest manifest, long imageBytes, String seal) {
    /** The parts, the largest first. */
    List<Part> parts() {
        return manifest.parts().stream()
                .sorted(Comparator.comparingLong(Part::bytes).reversed().thenComparing(Part::name))
                .toList();
    }

    /** Which parts name which licence. */
    Map<String, List<String>> licences() {
        Map<String, List<String>> licences = new TreeMap<>();
        for (Part part : manifest.parts()) {
            for (String licence : part.licences()) {
                licences.computeIfAbsent(licence, key -> new ArrayList<>()).add(part.name());
            }
        }
        return licences;
    }

    /** Parts of which nobody says under which licence they are, and that are not ours to say. */
    List<String> unlicensed() {
        return manifest.parts().stream()
                .filter(part -> part.licences().isEmpty()
                        && List.of("application", "library").contains(part.kind()))
                .map(Part::name)
                .toList();
    }

    /** How many bytes a kind of parts has. */
    long bytes(String kind) {
        return manifest.parts().stream()
                .filter(part -> part.kind().equals(kind))
                .mapToLong(Part::bytes)
                .sum();
    }

    /** Bytes of the jars of uk4j: drivers, protocols, scheduling, which in the usual virtual machine are the kernel's. */
    long constructs() {
        return manifest.parts().stream()
                .filter(part ->
                        part.name().startsWith("io.uk4j:") && part.kind().equals("library"))
                .mapToLong(Part::bytes)
                .sum();
    }
}
