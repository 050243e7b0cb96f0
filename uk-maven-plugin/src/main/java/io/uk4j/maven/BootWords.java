package io.uk4j.maven;

import io.uk4j.maven.image.Manifest;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The words of the boot command line: what the user says, and what suits the machine where the user says nothing. */
final class BootWords {
    private final Map<String, String> words = new LinkedHashMap<>();

    /**
     * Puts them together.
     *
     * @param manifest of the image, whose sealed keys are not said again
     * @param given by the user, as one line
     * @param network of the machine
     * @param disks whether it has any
     * @param verify what the boot layer is to check, if anything
     */
    BootWords(Manifest manifest, @Nullable String given, String network, boolean disks, @Nullable String verify) {
        for (String word : given == null || given.isBlank()
                ? List.<String>of()
                : Arrays.asList(given.strip().split("\\s+", -1))) {
            int sign = word.indexOf('=');
            if (sign < 0 || !word.substring(0, sign).matches("uk(\\.[a-z0-9]+)+")) {
                throw new Problem(
                        ProblemCode.UK103,
                        "uk.run.keys: " + word + " is no key with a value.",
                        "Allowed: uk.KEY=VALUE, separated by spaces; a value has no space.",
                        "-Duk.run.keys=\"uk.net.ipv4=10.0.2.15/24\"");
            }
            words.put(word.substring(0, sign), word.substring(sign + 1));
        }
        if (hasStack(manifest) && !network.equals("none")) {
            offer(manifest, "uk.net.device", "virtio:0");
            if (network.equals("user")) {
                offer(manifest, "uk.net.ipv4", "10.0.2.15/24");
                offer(manifest, "uk.net.gateway", "10.0.2.2");
            }
        }
        if (disks) {
            offer(manifest, "uk.block.device", "virtio:0");
        }
        if (verify != null && !verify.isBlank()) {
            if (!verify.matches("sha256(:[0-9a-f]{64})?")) {
                throw new Problem(
                        ProblemCode.UK103,
                        "uk.verify=" + verify + " is none.",
                        "Allowed: sha256, or sha256:SEAL with the 64 digits that uk:image prints.",
                        "-Duk.verify=sha256");
            }
            words.put("uk.verify", verify);
        }
    }

    /** Whether the image has a network stack. */
    static boolean hasStack(Manifest manifest) {
        return manifest.parts().stream().anyMatch(part -> part.name().startsWith("io.uk4j:uk-net-tcpip:"));
    }

    private void offer(Manifest manifest, String key, String value) {
        if (!manifest.configuration().containsKey(key)) {
            words.putIfAbsent(key, value);
        }
    }

    /** As they stand on the line. */
    List<String> list() {
        List<String> list = new ArrayList<>();
        words.forEach((key, value) -> list.add(key + '=' + value));
        return list;
    }
}
