package io.uk4j.system;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.syntax.elements.ClassesShould;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Linker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Dependencies point one way, and each module has only the third parties on its list. Read from the compiled classes of
 * the whole reactor.
 */
class ArchitectureTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    /** What every module may use. */
    private static final String[] COMMON = {
        "java..", "io.netty.buffer..", "io.netty.util..", "org.jspecify..", "org.slf4j.."
    };

    private static final JavaClasses ALL = new ClassFileImporter().importPaths(outputs());

    static Stream<Arguments> modules() {
        return Stream.of(
                module("io.uk4j.core", "javax.management..", "jdk.jfr.."),
                module("io.uk4j.mm", "io.uk4j.core.."),
                module("io.uk4j.sched", "io.uk4j.core..", "org.jctools.."),
                module("io.uk4j.net.tcpip", "io.uk4j.core..", "io.uk4j.mm..", "io.uk4j.sched.."),
                module("io.uk4j.net.pcap", "io.uk4j.core.."),
                module("io.uk4j.gateway", "io.uk4j.core..", "io.uk4j.mm..", "io.uk4j.sched..", "io.uk4j.net.tcpip"),
                module("io.uk4j.virtio", "io.uk4j.core..", "io.uk4j.mm.."),
                module("io.uk4j.blk", "io.uk4j.core..", "io.uk4j.sched", "javax.crypto.."),
                module(
                        "io.uk4j.vhost.user",
                        "io.uk4j.core..",
                        "io.uk4j.mm..",
                        "io.uk4j.virtio..",
                        "io.uk4j.platform.unix.."),
                module("io.uk4j.platform.unix", "io.uk4j.core.."),
                module("io.uk4j.platform.kvm", "io.uk4j.core..", "io.uk4j.virtio.."),
                module("io.uk4j.boot"),
                module(
                        "io.uk4j.maven",
                        "io.uk4j.boot",
                        "javax.inject..",
                        "org.apache.maven..",
                        "org.eclipse.aether..",
                        "org.codehaus.plexus.util..",
                        "org.cyclonedx..",
                        "com.fasterxml.jackson..",
                        "org.objectweb.asm..",
                        "org.w3c.dom..",
                        "org.xml.sax..",
                        "javax.xml.parsers.."),
                module("io.uk4j.platform.sim", "io.uk4j.core.."),
                module(
                        "io.uk4j.testkit",
                        "io.uk4j.core..",
                        "io.uk4j.net.pcap",
                        "io.uk4j.platform.sim..",
                        "org.junit..",
                        "org.opentest4j.."),
                module(
                        "io.uk4j.example",
                        "io.uk4j.core..",
                        "io.uk4j.mm..",
                        "io.uk4j.sched..",
                        "io.uk4j.net.tcpip",
                        "io.uk4j.net.pcap",
                        "io.uk4j.blk",
                        "jdk.jfr.."));
    }

    private static Arguments module(String root, String... allowed) {
        List<String> packages = new ArrayList<>(Arrays.asList(COMMON));
        packages.add(root + "..");
        packages.addAll(Arrays.asList(allowed));
        return Arguments.of(root, packages.toArray(String[]::new));
    }

    @ParameterizedTest
    @MethodSource("modules")
    void dependsOnlyOnWhatItMay(String root, String[] allowed) {
        assertTrue(
                ALL.stream().anyMatch(type -> type.getPackageName().startsWith(root)),
                "no class of " + root + " was found");
        classes()
                .that()
                .resideInAPackage(root + "..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(allowed))
                .check(ALL);
    }

    @Test
    void mechanismsMakeNoNativeCalls() {
        mechanisms().dependOnClassesThat().areAssignableTo(Linker.class).check(ALL);
    }

    @Test
    void mechanismsTakeTimeAndRandomnessFromThePlatformOnly() {
        mechanisms().callMethod(System.class, "nanoTime").check(ALL);
        mechanisms().callMethod(System.class, "currentTimeMillis").check(ALL);
        mechanisms().callMethod(Thread.class, "sleep", long.class).check(ALL);
        mechanisms().dependOnClassesThat().areAssignableTo(Random.class).check(ALL);
    }

    private static ClassesShould mechanisms() {
        return noClasses()
                .that()
                .resideInAnyPackage(
                        "io.uk4j.core..",
                        "io.uk4j.mm..",
                        "io.uk4j.sched..",
                        "io.uk4j.net.tcpip..",
                        "io.uk4j.net.pcap..",
                        "io.uk4j.virtio..",
                        "io.uk4j.blk..")
                .should();
    }

    private static List<Path> outputs() {
        List<Path> outputs = new ArrayList<>();
        for (String folder : List.of("", "examples")) {
            try (Stream<Path> modules = Files.list(ROOT.resolve(folder))) {
                modules.map(module -> module.resolve("target/classes"))
                        .filter(Files::isDirectory)
                        .forEach(outputs::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return outputs;
    }
}
