package io.uk4j.maven.image;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an image is made of and how it is started: {@code /uk/manifest.json} in it, and the same beside it.
 *
 * <p>Thread rule: immutable.
 *
 * @param format of this file; {@value #FORMAT}
 * @param name the application's artifactId
 * @param version the application's
 * @param created what its files are dated, ISO 8601
 * @param platform what it boots on
 * @param mainClass where it starts
 * @param command the program and its arguments; {@code @boot} stands for the words of the boot command line that begin with {@code uk.}
 * @param environment of the program
 * @param configuration sealed keys of the appliance
 * @param memory what it takes
 * @param java the runtime in it
 * @param parts what it is made of
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Manifest(
        int format,
        String name,
        String version,
        String created,
        String platform,
        String mainClass,
        List<String> command,
        Map<String, String> environment,
        Map<String, String> configuration,
        Memory memory,
        Java java,
        List<Part> parts) {

    /** Where it is in the image. */
    public static final String PATH = "/uk/manifest.json";

    /** Where the list is that the boot layer checks with {@code uk.verify=sha256}, in the form of sha256sum. */
    public static final String SEAL = "/uk/files.sha256";

    /** The format that this class reads and writes. */
    public static final int FORMAT = 1;

    private static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /**
     * What it takes of memory.
     *
     * @param heapBytes the Java heap at most
     * @param neededBytes what the machine has to have
     */
    public record Memory(long heapBytes, long neededBytes) {}

    /**
     * The Java runtime.
     *
     * @param version of it
     * @param implementor who made it
     * @param modules of it
     */
    public record Java(String version, String implementor, List<String> modules) {}

    /**
     * A part: a jar, the runtime, and so on.
     *
     * @param name coordinates of a jar, else a name
     * @param kind application, library, java, c-library, boot, configuration, or aot-cache
     * @param version of it, if it has one
     * @param licences that it names
     * @param files of it
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Part(String name, String kind, @Nullable String version, List<String> licences, List<Entry> files) {
        /** How large it is. */
        public long bytes() {
            return files.stream().mapToLong(Entry::bytes).sum();
        }
    }

    /**
     * A file.
     *
     * @param path in the image; of the boot layer, which is none of its files, its name
     * @param bytes of it
     * @param sha256 of it
     */
    public record Entry(String path, long bytes, String sha256) {}

    /** As it is written. */
    public byte[] toJson() {
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
        printer.indentObjectsWith(new DefaultIndenter("  ", "\n"));
        printer.indentArraysWith(new DefaultIndenter("  ", "\n"));
        try {
            return (MAPPER.writer(printer).writeValueAsString(this) + '\n').getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException if it is none, or one of another format
     */
    public static Manifest parse(byte[] json) {
        try {
            Manifest manifest = MAPPER.readValue(json, Manifest.class);
            if (manifest == null || manifest.format != FORMAT) {
                throw new IllegalArgumentException("its format is not " + FORMAT);
            }
            return manifest;
        } catch (IOException e) {
            throw new IllegalArgumentException("it is no manifest: " + e.getMessage(), e);
        }
    }
}
