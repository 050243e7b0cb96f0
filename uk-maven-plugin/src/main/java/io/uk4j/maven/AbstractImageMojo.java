package io.uk4j.maven;

import io.uk4j.maven.image.BillOfMaterials;
import io.uk4j.maven.image.Digest;
import io.uk4j.maven.image.ImageBuilder;
import io.uk4j.maven.image.ImageRequest;
import io.uk4j.maven.image.Jar;
import io.uk4j.maven.image.Jdk;
import io.uk4j.maven.image.Manifest;
import io.uk4j.maven.image.Sizes;
import io.uk4j.maven.machine.Accelerator;
import io.uk4j.maven.machine.Qemu;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.inject.Inject;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.ProjectBuilder;
import org.apache.maven.toolchain.Toolchain;
import org.apache.maven.toolchain.ToolchainManager;
import org.eclipse.aether.RepositorySystem;
import org.jspecify.annotations.Nullable;

/** What the goals that need an image have in common: its parameters, and making it unless it is current. */
@SuppressWarnings("NullAway.Init") // Maven sets the fields.
abstract class AbstractImageMojo extends AbstractUkMojo {
    @Inject
    private RepositorySystem repositories;

    @Inject
    private ProjectBuilder projects;

    @Inject
    private ToolchainManager toolchains;

    /** The class that starts the application. Default: that of the jar's manifest, else the only one with a main. */
    @Parameter(property = "uk.image.mainClass")
    private @Nullable String mainClass;

    /** Further options of the JVM: in the pom a list, on the command line one string that is split as a shell does. */
    @Parameter
    private @Nullable List<String> jvmArguments;

    @Parameter(property = "uk.image.jvmArguments")
    private @Nullable String jvmArgumentLine;

    /** Arguments of the application. Keys of the boot command line come before them. */
    @Parameter
    private @Nullable List<String> arguments;

    @Parameter(property = "uk.image.arguments")
    private @Nullable String argumentLine;

    /** Variables of the environment. */
    @Parameter
    private @Nullable Map<String, String> environmentVariables;

    /** System properties of the JVM. */
    @Parameter
    private @Nullable Map<String, String> systemPropertyVariables;

    /**
     * Keys of the appliance that are sealed in the image, such as uk.net.ipv4: a configuration element within that of the plugin. The boot command line
     * can still say otherwise, but for keys that are fixed by it, such as uk.kvm.devices.
     */
    @Parameter
    private @Nullable Map<String, String> configuration;

    /** Modules of the JDK that the application reaches by reflection only, so that jdeps does not see them. */
    @Parameter(property = "uk.image.addModules")
    private @Nullable List<String> addModules;

    /** The Java heap at most: a number with M or G. */
    @Parameter(property = "uk.image.heap", defaultValue = "64M")
    private String heap;

    /** The JDK for Linux on x86-64 whose runtime goes into the image. Default: Maven's toolchain, then the JDK that Maven runs on. */
    @Parameter(property = "uk.image.jdk")
    private @Nullable File jdk;

    /** Makes two files in place of one: what boots, and the file tree, which the monitor loads as a module (QEMU: -initrd). */
    @Parameter(property = "uk.image.separate", defaultValue = "false")
    private boolean separate;

    /**
     * Whether the image gets an AOT cache of the JVM, which makes it start sooner. It is made in the image itself under QEMU, which
     * takes a minute or two where there is no KVM, and is kept as long as nothing changes. Without QEMU there is none, and the goal says so.
     */
    @Parameter(property = "uk.image.aot", defaultValue = "true")
    private boolean aot;

    /** An AOT cache that was made before: with it, builds give the same bytes. Default: made as uk.image.aot says. */
    @Parameter(property = "uk.image.aotCache")
    private @Nullable File aotCache;

    /** The port of the appliance that is used while the AOT cache is recorded; 0 lets it run to its own end. */
    @Parameter(property = "uk.image.trainingPort", defaultValue = "80")
    private int trainingPort;

    /** What is asked for by HTTP while the AOT cache is recorded: paths, separated by commas. */
    @Parameter(property = "uk.image.trainingRequests", defaultValue = "/,/")
    private List<String> trainingRequests;

    /** Keys for the boot command line while the AOT cache is recorded, where the application needs some, such as "uk.x.y=1". */
    @Parameter(property = "uk.image.trainingKeys", defaultValue = "")
    private @Nullable String trainingKeys;

    /** How many seconds each of the two boots for the AOT cache may take. */
    @Parameter(property = "uk.image.trainingTimeout", defaultValue = "300")
    private int trainingTimeout;

    /** How images are run: kvm, tcg (emulation), or auto, which tries KVM for two seconds and says what it found. */
    @Parameter(property = "uk.accel", defaultValue = "auto")
    protected String accel;

    /** The QEMU to be used. Default: on the PATH, then where systems keep it. */
    @Parameter(property = "uk.run.qemu")
    private @Nullable File qemu;

    /** Whether the image is attached to the project, so that it is installed and deployed with it. */
    @Parameter(property = "uk.image.attach", defaultValue = "false")
    protected boolean attach;

    @Parameter(defaultValue = "${project.build.outputTimestamp}", readonly = true)
    private @Nullable String outputTimestamp;

    /** Makes the image, unless the one that is there was made of the same. */
    final Manifest image() throws IOException, InterruptedException {
        Outputs outputs = outputs();
        Files.createDirectories(outputs.work());
        Optional<Qemu> trainer = trainer();
        Steps steps = new Steps(getLog(), ImageBuilder.STEPS + (trainer.isPresent() ? 2 : 1));
        ClassPath classPath = ClassPath.of(project, session, repositories, projects);
        ImageRequest request = request(classPath);
        String inputs = Inputs.digest(request, separate, cacheInputs(trainer.isPresent()), plugin());
        if (Inputs.current(outputs, inputs, separate)) {
            getLog().info(outputs.image() + " is up to date.");
            return Manifest.parse(Files.readAllBytes(outputs.manifest()));
        }
        Files.deleteIfExists(outputs.inputs());
        Files.deleteIfExists(outputs.tree());
        steps.done("class path: " + describe(classPath));
        warnOfSilentLog(classPath.jars());
        ImageBuilder builder = ImageBuilder.gather(request, outputs.work(), steps);
        Path tree = separate ? outputs.tree() : null;
        Path cache = aotCache == null ? null : aotCache.toPath();
        if (trainer.isPresent()) {
            cache = train(builder, trainer.get(), outputs.work(), steps);
            steps.done(Training.describe(cache));
        } else if (aot && aotCache == null) {
            getLog().warn("There is no QEMU, so the image gets no AOT cache and takes longer to start.");
        }
        ImageBuilder.Built built = builder.write(outputs.image(), tree, cache);
        Files.write(outputs.manifest(), built.manifest().toJson());
        Files.writeString(outputs.bill(), BillOfMaterials.of(built.manifest()));
        Files.writeString(outputs.digests(), Inputs.digests(outputs, separate));
        Files.writeString(outputs.inputs(), inputs);
        steps.done("image: " + Sizes.text(Files.size(outputs.image()) + (separate ? Files.size(outputs.tree()) : 0)));
        Manifest.Memory memory = built.manifest().memory();
        getLog().info("Memory: " + Sizes.mebibytes(memory.neededBytes()) + " for the machine, of it "
                + Sizes.mebibytes(memory.heapBytes()) + " Java heap");
        getLog().info("Command: " + String.join(" ", built.manifest().command()));
        getLog().info("seal    " + built.seal());
        return built.manifest();
    }

    /** The QEMU that is named or found. */
    final Qemu qemu() {
        return Qemu.find(qemu == null ? null : qemu.toPath());
    }

    /** That which records an AOT cache, if one is wanted: one that is named has to be there. */
    private Optional<Qemu> trainer() {
        if (!aot || aotCache != null) {
            return Optional.empty();
        }
        return qemu == null ? Qemu.tryFind() : Optional.of(qemu());
    }

    private Path train(ImageBuilder builder, Qemu program, Path work, Steps steps)
            throws IOException, InterruptedException {
        Manifest manifest = builder.manifest();
        boolean stack = BootWords.hasStack(manifest);
        return new Training(
                        builder,
                        manifest,
                        program,
                        Accelerator.choose(accel, program, work),
                        stack ? trainingPort : 0,
                        List.copyOf(trainingRequests),
                        trainingKeys,
                        work,
                        trainingTimeout * 1000L,
                        steps)
                .cache();
    }

    private String cacheInputs(boolean trained) throws IOException {
        if (aotCache != null) {
            return Digest.of(aotCache.toPath());
        }
        return trained ? "trained " + trainingPort + ' ' + trainingRequests + ' ' + trainingKeys : "no cache";
    }

    private ImageRequest request(ClassPath classPath) {
        return new ImageRequest(
                project.getArtifactId(),
                project.getVersion(),
                classPath.jars(),
                mainClass,
                Arguments.of(jvmArguments, jvmArgumentLine, "jvmArguments"),
                Arguments.of(arguments, argumentLine, "arguments"),
                copy(environmentVariables),
                copy(systemPropertyVariables),
                keys(copy(configuration)),
                addModules == null ? List.of() : List.copyOf(addModules),
                heapBytes(),
                findJdk(),
                Timestamp.of(outputTimestamp, project.getBasedir().toPath()));
    }

    private static Map<String, String> copy(@Nullable Map<String, String> given) {
        return given == null ? Map.of() : Map.copyOf(given);
    }

    private static Map<String, String> keys(Map<String, String> configuration) {
        for (String key : configuration.keySet()) {
            if (!key.matches("uk(\\.[a-z0-9]+)+")) {
                throw new Problem(
                        ProblemCode.UK103,
                        "configuration (uk-maven-plugin): " + key + " is no key of an appliance.",
                        "Keys are words of a-z and 0-9 joined by dots, and begin with uk.",
                        "<configuration><configuration><uk.net.ipv4>10.0.2.15/24</uk.net.ipv4></configuration></configuration>");
            }
        }
        return configuration;
    }

    private long heapBytes() {
        try {
            long bytes = Sizes.parse(heap);
            if (bytes >= 2L << 20) {
                return bytes;
            }
        } catch (IllegalArgumentException | ArithmeticException e) {
            getLog().debug(e);
        }
        throw new Problem(
                ProblemCode.UK103,
                "uk.image.heap=" + heap + " is no size of a Java heap.",
                "Allowed: a number with K, M or G behind it, from 2M on.",
                "-Duk.image.heap=64M");
    }

    private Jdk findJdk() {
        List<Path> candidates = new ArrayList<>();
        if (jdk != null) {
            return Jdk.find(List.of(jdk.toPath()));
        }
        Toolchain toolchain = toolchains.getToolchainFromBuildContext("jdk", session);
        String java = toolchain == null ? null : toolchain.findTool("java");
        if (java != null) {
            candidates.add(Path.of(java).resolve("../..").normalize());
        }
        candidates.add(Path.of(System.getProperty("java.home")));
        String home = System.getenv("JAVA_HOME");
        if (home != null) {
            candidates.add(Path.of(home));
        }
        return Jdk.find(candidates);
    }

    private static String describe(ClassPath classPath) throws IOException {
        long bytes = 0;
        for (Jar jar : classPath.jars()) {
            bytes += Files.size(jar.file());
        }
        String text = classPath.jars().size() + " jars, " + Sizes.text(bytes);
        if (classPath.added()) {
            text += "; uk-platform-kvm is added";
        }
        if (!classPath.leftOut().isEmpty()) {
            text += "; hosted, so left out: " + String.join(", ", classPath.leftOut());
        }
        return text;
    }

    private void warnOfSilentLog(List<Jar> jars) {
        boolean api = jars.stream().anyMatch(jar -> jar.artifact().equals("slf4j-api"));
        boolean provider = jars.stream()
                .anyMatch(jar ->
                        jar.artifact().matches("slf4j-(simple|jdk14|nop|reload4j)|logback-classic|log4j-slf4j2-impl"));
        if (api && !provider) {
            getLog().warn("There is slf4j-api but no provider of it: what the appliance logs goes nowhere. "
                    + "Try: a dependency on org.slf4j:slf4j-simple of scope runtime.");
        }
    }
}
