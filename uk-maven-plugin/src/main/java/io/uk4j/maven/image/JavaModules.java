package io.uk4j.maven.image;

import io.uk4j.maven.problem.ProblemCode;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which modules of the JDK an application needs. */
final class JavaModules {
    private JavaModules() {}

    /**
     * Asks jdeps. What is reached by reflection alone it cannot see: that is for {@code addModules}.
     *
     * @param jars the whole class path
     * @param more modules to be in it as well
     * @return names, sorted
     */
    static List<String> find(Jdk jdk, List<Path> jars, Collection<String> more) {
        // With the jars as class path too, they are taken as what they are in an image, not as modules whose optional
        // requirements do not count.
        List<String> command = new ArrayList<>(List.of(
                jdk.tool("jdeps"),
                "--print-module-deps",
                "--ignore-missing-deps",
                "--multi-release",
                String.valueOf(Runtime.Version.parse(jdk.version()).feature()),
                "--class-path",
                jars.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator))));
        jars.forEach(jar -> command.add(jar.toString()));
        String said = Tool.run(ProblemCode.UK105, command);
        TreeSet<String> modules = new TreeSet<>(more);
        modules.add("java.base");
        for (String line : said.lines().toList()) {
            if (line.matches("[a-z][\\w.]*(,[a-z][\\w.]*)*")) {
                modules.addAll(Arrays.asList(line.split(",", -1)));
            }
        }
        return List.copyOf(modules);
    }
}
