package io.uk4j.maven.image;

import io.uk4j.maven.problem.ProblemCode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

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
        List<String> command = new ArrayList<>(
                List.of(jdk.tool("jdeps"), "--print-module-deps", "--ignore-missing-deps", "--multi-release", "base"));
        command.set(
                command.size() - 1,
                String.valueOf(Runtime.Version.parse(jdk.version()).feature()));
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
