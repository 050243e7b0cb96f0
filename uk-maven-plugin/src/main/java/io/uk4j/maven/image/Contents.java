package io.uk4j.maven.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What is common to the image of a request and those that record its AOT cache: the same files at the same paths, with the same dates.
 *
 * @param request what is wanted
 * @param modules of the JDK
 * @param runtime the folder that jlink made
 * @param libraries of the C library, and where they belong
 * @param mainClass where it starts
 */
record Contents(
        ImageRequest request, List<String> modules, Path runtime, SortedMap<String, Path> libraries, String mainClass) {

    /** Where the configuration for an AOT cache is in the image that makes one. */
    static final String AOT_CONFIGURATION = "/uk/application.aotconf";

    /** Where the AOT cache is in an image. */
    static final String AOT_CACHE = "/uk/application.aot";

    private static final String CONFIGURATION = "/app/uk-sealed-configuration.jar";
    private static final String RUNTIME = "/jre/";

    /** Files of the runtime that nothing in an image starts or reads. */
    private static final Set<String> LEFT_OUT =
            Set.of("lib/jspawnhelper", "lib/jexec", "lib/classlist", "lib/server/classes_nocoops.jsa");

    /** Puts all into a tree, but for what to run. */
    void addTo(ImageTree tree, boolean archiveOfClasses) throws IOException {
        tree.directory("/tmp");
        Jar own = request.jars().get(0);
        for (Map.Entry<String, Jar> entry : places().entrySet()) {
            Jar jar = entry.getValue();
            String kind = jar.equals(own) ? "application" : "library";
            var group = new ImageTree.Group(jar.coordinates(), kind, jar.version(), jar.licences());
            tree.add(group, entry.getKey(), jar.file(), false);
        }
        if (!request.configuration().isEmpty()) {
            var group = new ImageTree.Group("configuration", "configuration", null, List.of());
            tree.add(group, CONFIGURATION, SealedConfiguration.jar(request.configuration()));
        }
        var java = new ImageTree.Group(
                "java", "java", request.jdk().version(), List.of("GPL-2.0-with-classpath-exception"));
        for (Path file : runtimeFiles(archiveOfClasses)) {
            String name = runtime.relativize(file).toString();
            tree.add(java, RUNTIME + name, file, Files.isExecutable(file));
        }
        var library = new ImageTree.Group("c-library", "c-library", null, List.of("LGPL-2.1-or-later"));
        for (Map.Entry<String, Path> entry : libraries.entrySet()) {
            tree.add(library, entry.getKey(), entry.getValue(), true);
        }
    }

    /**
     * The program and its arguments.
     *
     * @param more options of the JVM
     */
    List<String> command(List<String> more) throws IOException {
        Path own = request.jars().get(0).file();
        List<String> command = new ArrayList<>(List.of(
                RUNTIME + "bin/java",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-XX:+UnlockDiagnosticVMOptions",
                // Archives are used where they were made for: nothing else is there yet, and moving them touches each
                // page.
                "-XX:ArchiveRelocationMode=0",
                "-Xmx" + request.heapBytes() / 1024 + "k",
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED"));
        for (String word : MainClass.words(own, "Add-Opens")) {
            String option = "--add-opens=" + word + "=ALL-UNNAMED";
            if (!command.contains(option)) {
                command.add(option);
            }
        }
        MainClass.words(own, "Add-Exports").forEach(word -> command.add("--add-exports=" + word + "=ALL-UNNAMED"));
        command.addAll(more);
        new TreeMap<>(request.systemProperties()).forEach((name, value) -> command.add("-D" + name + '=' + value));
        command.addAll(request.jvmArguments());
        List<String> classPath = new ArrayList<>(places().keySet());
        if (!request.configuration().isEmpty()) {
            classPath.add(CONFIGURATION);
        }
        command.addAll(List.of("-cp", String.join(":", classPath), mainClass, "@boot"));
        command.addAll(request.arguments());
        return List.copyOf(command);
    }

    private List<Path> runtimeFiles(boolean archiveOfClasses) throws IOException {
        try (Stream<Path> files = Files.walk(runtime)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> {
                        String name = runtime.relativize(file).toString();
                        return !LEFT_OUT.contains(name)
                                && (!name.startsWith("bin/") || name.equals("bin/java"))
                                && (archiveOfClasses || !name.equals(JavaRuntime.ARCHIVE));
                    })
                    .sorted()
                    .toList();
        }
    }

    /** Where each jar is in the image: by its file name, and by its group as well where two have the same. */
    private Map<String, Jar> places() {
        Map<String, Jar> places = new LinkedHashMap<>();
        for (Jar jar : request.jars()) {
            String name = String.valueOf(jar.file().getFileName());
            if (places.putIfAbsent("/app/" + name, jar) != null) {
                places.put("/app/" + jar.group() + '-' + name, jar);
            }
        }
        return places;
    }
}
