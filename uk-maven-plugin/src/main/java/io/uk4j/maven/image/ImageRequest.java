package io.uk4j.maven.image;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an image is to be made of.
 *
 * <p>Thread rule: immutable.
 *
 * @param name the application's artifactId
 * @param version the application's
 * @param jars the class path, the application's own jar first
 * @param mainClass where it starts; null to find out
 * @param jvmArguments further ones of the JVM
 * @param arguments of the application, after the words of the boot command line
 * @param environment variables of the program
 * @param systemProperties of the JVM
 * @param configuration keys of the appliance, sealed
 * @param addModules modules of the JDK that jdeps does not see
 * @param heapBytes the Java heap at most
 * @param jdk whose runtime is taken
 * @param time what the files of the image are dated
 */
public record ImageRequest(
        String name,
        String version,
        List<Jar> jars,
        @Nullable String mainClass,
        List<String> jvmArguments,
        List<String> arguments,
        Map<String, String> environment,
        Map<String, String> systemProperties,
        Map<String, String> configuration,
        List<String> addModules,
        long heapBytes,
        Jdk jdk,
        Instant time) {}
