package io.uk4j.maven.image;

import java.nio.file.Path;
import java.util.List;

/**
 * A jar of the class path.
 *
 * <p>Thread rule: immutable.
 *
 * @param group the artifact's groupId
 * @param artifact the artifact's artifactId
 * @param version the artifact's version
 * @param file where it is on this machine
 * @param licences as its pom names them; empty if it names none
 */
public record Jar(String group, String artifact, String version, Path file, List<String> licences) {
    /** Copies the licences. */
    public Jar {
        licences = List.copyOf(licences);
    }

    /** Its coordinates. */
    public String coordinates() {
        return group + ':' + artifact + ':' + version;
    }
}
