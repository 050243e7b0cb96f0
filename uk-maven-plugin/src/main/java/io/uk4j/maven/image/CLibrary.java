package io.uk4j.maven.image;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a Java runtime needs of the C library of the system that the image is made on. */
final class CLibrary {
    private static final Path LOADER = Path.of("/lib64/ld-linux-x86-64.so.2");
    private static final Pattern FOUND = Pattern.compile("\\s*\\S+ => (/\\S+) \\(0x[0-9a-f]+\\)");

    private CLibrary() {}

    /**
     * Asks the loader itself which files it would take for the runtime's programs and libraries.
     *
     * @return where the loader looks for each, and the file that is there
     */
    static SortedMap<String, Path> find(Path runtime) throws IOException {
        if (!Files.isExecutable(LOADER)) {
            throw new Problem(
                    ProblemCode.UK106,
                    "The loader " + LOADER + " is not on this system.",
                    "Images are made on Linux on x86-64 with glibc.",
                    "such a system, or a container of it: docker run -it --rm -v $PWD:/w -w /w maven:3-eclipse-temurin-25 mvn package");
        }
        SortedMap<String, Path> libraries = new TreeMap<>();
        libraries.put(LOADER.toString(), LOADER.toRealPath());
        for (Path user : users(runtime)) {
            // The launcher loads libjvm.so by itself, before those that need it.
            String own = runtime.resolve("lib/server") + ":" + runtime.resolve("lib");
            String said = Tool.run(
                    ProblemCode.UK106, List.of(LOADER.toString(), "--library-path", own, "--list", user.toString()));
            for (String line : said.lines().toList()) {
                Matcher found = FOUND.matcher(line);
                if (line.contains("=> not found")) {
                    throw new Problem(
                            ProblemCode.UK106,
                            user + " needs a library that is not on this system: " + line.strip(),
                            "All libraries that the Java runtime needs have to be here.",
                            "a JDK that brings its own, such as Temurin");
                }
                if (found.matches()
                        && !found.group(1).startsWith(runtime.toString())
                        && !found.group(1).equals(LOADER.toString())) {
                    libraries.put(found.group(1), Path.of(found.group(1)).toRealPath());
                }
            }
        }
        return libraries;
    }

    private static List<Path> users(Path runtime) throws IOException {
        List<Path> users = new ArrayList<>(List.of(runtime.resolve("bin/java")));
        try (Stream<Path> files = Files.walk(runtime.resolve("lib"))) {
            files.filter(file -> file.toString().endsWith(".so")).sorted().forEach(users::add);
        }
        return users;
    }
}
