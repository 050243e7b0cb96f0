package io.uk4j.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigsTest {
    private static final Key<Integer> MTU =
            Key.integer("uk.net.mtu", 68, 65_535, "the largest packet").withDefault("1500");
    private static final Key<String> HOST = Key.string("uk.net.host", "the host's name");
    private static final Key<String> PASSWORD =
            Key.string("uk.admin.password", "who may look").asSecret();

    @TempDir
    Path directory;

    private static Configs.Builder builder() {
        return Configs.builder().keys(MTU, HOST, PASSWORD);
    }

    private static String refusal(Configs.Builder builder) {
        return assertThrows(ConfigException.class, builder::build).getMessage();
    }

    private Path write(String name, String... lines) {
        try {
            Path file = directory.resolve(name);
            Files.createDirectories(file.getParent());
            return Files.writeString(file, String.join("\n", lines) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A loader that sees only the given directories, relative to the temporary one. */
    private URLClassLoader loader(String... folders) {
        URL[] urls = new URL[folders.length];
        for (int i = 0; i < folders.length; i++) {
            try {
                urls[i] = directory.resolve(folders[i]).toUri().toURL();
            } catch (MalformedURLException e) {
                throw new IllegalArgumentException(e);
            }
        }
        return new URLClassLoader(urls, null);
    }

    @Test
    void fallsBackToTheDefault() {
        Config config = builder().build();
        assertEquals(1500, config.get(MTU));
        assertEquals("default", config.origin(MTU));
        assertEquals(Optional.empty(), config.find(HOST));
        assertEquals("not set", config.origin(HOST));
    }

    @Test
    void takesTheStrongestLayer() throws IOException {
        write("app/uk.properties", "uk.net.mtu=1005", "%dev.uk.net.mtu=1003");
        write("app/META-INF/uk4j/sealed.properties", "uk.net.mtu=1002");
        String plain = write("uk.properties", "%dev.uk.net.mtu=1004").toString();
        try (URLClassLoader loader = loader("app")) {
            Configs.Builder builder = builder().classPath(loader).directory(directory);
            assertValue(builder, "1005", "class path uk.properties");
            write("uk.properties", "uk.net.mtu=1006", "%dev.uk.net.mtu=1004");
            assertValue(builder, "1006", plain);
            builder.environment(Map.of("UK_NET_MTU", "1007", "PATH", "/bin", "UKULELE", "4"));
            assertValue(builder, "1007", "UK_NET_MTU");
            builder.systemProperties(Map.of("uk.net.mtu", "1008", "java.home", "/"));
            assertValue(builder, "1008", "system property");
            builder.commandLine(List.of("uk.net.mtu=1", "--uk.net.mtu=1009"));
            assertValue(builder, "1009", "command line");
            assertValue(builder.set("uk.net.mtu", "1010"), "1010", "set by the program");
        }
    }

    @Test
    void keepsAFixedKeyAsTheImageWasSealed() throws IOException {
        Key<Integer> fixed =
                Key.integer("uk.kvm.slots", 0, 9, "a key").withDefault("0").asFixed();
        write("app/META-INF/uk4j/sealed.properties", "uk.kvm.slots=1");
        write("open/META-INF/uk4j/sealed.properties", "uk.net.mtu=1400");
        try (URLClassLoader sealed = loader("app");
                URLClassLoader open = loader("open")) {
            Configs.Builder builder = builder().keys(fixed).classPath(sealed);
            assertEquals(
                    "1 sealed file",
                    builder.build().get(fixed) + " " + builder.build().origin(fixed));
            builder.environment(Map.of("UK_KVM_SLOTS", "01"));
            assertEquals("sealed file", builder.build().origin(fixed), "the same value");
            assertEquals("""
                            uk.kvm.slots=2 (command line): the image is sealed with uk.kvm.slots=1 (sealed file).
                            Allowed: 1, or nothing; this key is fixed when an image is made.
                            Try: leave it out, or make an image with another value""", refusal(builder.commandLine(List.of("uk.kvm.slots=2"))));
            assertTrue(refusal(builder.commandLine(List.of("uk.kvm.slots=many")))
                    .startsWith("uk.kvm.slots=many (command line): the image is sealed with uk.kvm.slots=1 "));
            Config elsewhere = builder.classPath(open)
                    .commandLine(List.of("uk.kvm.slots=3"))
                    .build();
            assertEquals("3 command line", elsewhere.get(fixed) + " " + elsewhere.origin(fixed));
        }
        assertThrows(IllegalArgumentException.class, PASSWORD::asFixed);
    }

    @Test
    void letsTheChosenProfileFillWhatPlainLinesLeaveOpen() throws IOException {
        write("app/uk.properties", "%dev.uk.net.mtu=1003", "%dev.uk.net.host=a", "%test.uk.net.mtu=2");
        write("app/META-INF/uk4j/sealed.properties", "uk.net.mtu=1002", "uk.net.host=b");
        String file = write("uk.properties", "%dev.uk.net.mtu=1004").toString();
        try (URLClassLoader loader = loader("app")) {
            Configs.Builder builder = builder().classPath(loader).directory(directory);
            assertValue(builder, "1002", "sealed file");
            builder.systemProperties(Map.of("uk.profile", "dev"));
            assertValue(builder, "1004", file + " %dev");
            Config config = builder.build();
            assertEquals("a", config.get(HOST));
            assertEquals("class path uk.properties %dev", config.origin(HOST));
        }
    }

    private static void assertValue(Configs.Builder builder, String value, String origin) {
        Config config = builder.build();
        assertEquals(value + " " + origin, config.get(MTU) + " " + config.origin(MTU));
    }

    @Test
    void readsNothingThatItWasNotToldToRead() {
        assertEquals("default", builder().build().origin(MTU));
        assertEquals(Optional.empty(), builder().directory(directory).build().find(HOST));
    }

    @Test
    void refusesAnUnknownKeyWithTheNearestOnes() {
        assertEquals("""
                        uk.net.mut (command line): there is no such key.
                        Nearest: uk.net.mtu, uk.net.host.
                        Try: uk.net.mtu=..., or --help, which lists all keys""", refusal(builder().commandLine(List.of("uk.net.mut=9000"))));
        assertEquals("""
                        UK_NET_HOTS (environment): there is no such key.
                        Nearest: UK_NET_HOST, UK_NET_MTU.
                        Try: UK_NET_HOST=..., or --help, which lists all keys""", refusal(builder().environment(Map.of("UK_NET_HOTS", "a"))));
        assertEquals("""
                        uk.completely.different.from.all.others (system property): there is no such key.
                        Allowed are the keys of the modules that are linked in; none has a name like this.
                        Try: --help, which lists all keys; or add the dependency that brings this one""", refusal(builder().systemProperties(Map.of("uk.completely.different.from.all.others", ""))));
    }

    @Test
    void refusesAnUnknownKeyEvenInAProfileThatIsNotChosen() {
        write("uk.properties", "%dev.uk.net.mut=1", "net.mtu=2", "%uk.net.mtu=3", "uk.net=4");
        String message = refusal(builder().directory(directory));
        for (String name : List.of("%dev.uk.net.mut", "net.mtu", "%uk.net.mtu", "uk.net")) {
            assertTrue(message.contains(". " + name + " (" + directory.resolve("uk.properties")), message);
        }
    }

    @Test
    void doesNotShowTheValueOfAMisspelledKey() {
        assertFalse(refusal(builder().commandLine(List.of("uk.admin.pasword=hunter2")))
                .contains("hunter2"));
    }

    @Test
    void refusesAWrongValueWithKeyOriginAllowedAndFix() {
        assertEquals("""
                        uk.net.mtu=67 (command line): out of range.
                        Allowed: a whole number from 68 to 65535.
                        Try: uk.net.mtu=1500, the default""", refusal(builder().commandLine(List.of("uk.net.mtu=67"))));
        assertEquals("""
                        UK_NET_MTU=a (environment, key uk.net.mtu): not a whole number.
                        Allowed: a whole number from 68 to 65535.
                        Try: UK_NET_MTU=1500, the default""", refusal(builder().environment(Map.of("UK_NET_MTU", "a"))));
        write("uk.properties", "uk.profile=dev", "%dev.uk.net.mtu=");
        assertEquals(
                """
                        %dev.uk.net.mtu= (FILE): not a whole number.
                        Allowed: a whole number from 68 to 65535.
                        Try: %dev.uk.net.mtu=1500, the default""".replace("FILE", directory.resolve("uk.properties").toString()),
                refusal(builder().directory(directory)));
    }

    @Test
    void ignoresAWrongValueThatIsOverridden() {
        Configs.Builder builder = builder().environment(Map.of("UK_NET_MTU", "x"));
        assertValue(builder.commandLine(List.of("uk.net.mtu=1400")), "1400", "command line");
    }

    @Test
    void refusesTheBuildPluginsKeys() {
        for (String name : List.of(
                "uk.image.name",
                "uk.run.ports",
                "uk.start.x",
                "uk.stop.x",
                "uk.describe.x",
                "uk.test.seed",
                "uk.skip")) {
            String message = refusal(builder().systemProperties(Map.of(name, "1")));
            assertTrue(message.startsWith(name + " (system property): this belongs to the build plugin"), message);
        }
        String message = refusal(builder().environment(Map.of("UK_RUN_PORTS", "1")));
        assertTrue(message.startsWith("UK_RUN_PORTS (environment): this belongs to the build plugin"), message);
    }

    @Test
    void passesOverTheVariableOfTheBuildsTests() {
        assertEquals(
                "default",
                builder().environment(Map.of("UK_REQUIRE_ALL", "1")).build().origin(MTU));
    }

    @Test
    void reportsAllErrorsTogether() {
        ConfigException e = assertThrows(
                ConfigException.class,
                builder()
                        .commandLine(List.of("uk.net.mtu=0", "verbose"))
                        .environment(Map.of("UK_B", "1", "UK_A", "1"))
                        .systemProperties(Map.of("uk.c", ""))::build);
        assertEquals(List.of("verbose", "uk.c", "UK_A", "UK_B", "uk.net.mtu=0"), firstWords(e.getMessage()));
        assertTrue(e.getMessage()
                .startsWith(
                        "The configuration has 5 errors.\n\n1. verbose (command line): not a setting.\n   Allowed: "));
        assertEquals(5, e.getSuppressed().length);
    }

    private static List<String> firstWords(String message) {
        return message.lines()
                .filter(line -> line.matches("\\d+\\. .*"))
                .map(line -> line.split(" ", -1)[1])
                .toList();
    }

    @Test
    void masksSecrets() {
        Config config =
                builder().commandLine(List.of("uk.admin.password=hunter2")).build();
        assertEquals("hunter2", config.get(PASSWORD));
        assertFalse(config.describe().contains("hunter2"));
        Key<Integer> pin = Key.integer("uk.admin.pin", 0, 9, "a pin").asSecret();
        String message = refusal(Configs.builder().keys(pin).commandLine(List.of("uk.admin.pin=1234")));
        assertTrue(message.startsWith("uk.admin.pin=******** (command line): not an allowed value."), message);
    }

    @Test
    void readsASecretFromAFile() {
        write("password.txt", "hunter2");
        Configs.Builder builder = builder().directory(directory);
        Config config = builder.environment(Map.of("UK_ADMIN_PASSWORD_FILE", "password.txt"))
                .build();
        assertEquals("hunter2", config.get(PASSWORD));
        assertEquals("file (UK_ADMIN_PASSWORD_FILE)", config.origin(PASSWORD));
        config = builder.commandLine(List.of("uk.admin.password=other")).build();
        assertEquals("other", config.get(PASSWORD));
        String message = refusal(builder.commandLine(List.of("uk.admin.password.file=password.txt")));
        assertTrue(message.startsWith("uk.admin.password and uk.admin.password.file (command line): both"), message);
    }

    @Test
    void refusesASecretsFileThatCannotBeRead() throws IOException {
        String message = refusal(builder().directory(directory).commandLine(List.of("uk.admin.password.file=none")));
        assertTrue(message.startsWith("uk.admin.password.file=none (command line): there is no such file.\nAllowed:"));
        Files.write(directory.resolve("binary"), new byte[] {(byte) 0xff});
        message = refusal(builder().directory(directory).commandLine(List.of("uk.admin.password.file=binary")));
        assertTrue(message.contains("is not UTF-8"), message);
        Files.write(directory.resolve("long"), new byte[65_537]);
        message = refusal(builder().directory(directory).commandLine(List.of("uk.admin.password.file=long")));
        assertTrue(message.contains("too long"), message);
        message = refusal(builder().commandLine(List.of("uk.net.host.file=x")));
        assertTrue(message.startsWith("uk.net.host.file (command line): there is no such key."), message);
    }

    @Test
    void refusesFilesThatCannotBeUnderstood() throws IOException {
        Files.write(directory.resolve("uk.properties"), "uk.net.host=ä".getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(refusal(builder().directory(directory)).contains("is not UTF-8 text"));
        write("uk.properties", "uk.net.host=\\u12");
        assertTrue(refusal(builder().directory(directory)).contains("cannot be read"));
        write("uk.properties", "uk.net.host=a", "uk.net.host=b");
        assertTrue(refusal(builder().directory(directory)).contains("uk.net.host ("), "names the key");
        assertTrue(refusal(builder().directory(directory)).contains("stands there twice"));
        write("uk.properties", "%dev.uk.profile=test");
        assertTrue(refusal(builder().directory(directory)).contains("a profile cannot choose a profile"));
    }

    @Test
    void refusesTwoFilesOfOneNameOnTheClassPath() throws IOException {
        write("a/uk.properties", "uk.net.mtu=1400");
        write("b/uk.properties", "uk.net.mtu=1300");
        try (URLClassLoader loader = loader("a", "b")) {
            assertTrue(
                    refusal(builder().classPath(loader)).contains("uk.properties is on the class path 2 times: file:"));
        }
    }

    @Test
    void describesEveryKeyAligned() {
        write("password.txt", "hunter2");
        Config config = builder()
                .directory(directory)
                .environment(Map.of("UK_ADMIN_PASSWORD_FILE", "password.txt"))
                .commandLine(List.of("uk.net.host=two\nlines"))
                .build();
        assertEquals("""
                uk.admin.password  ********    file (UK_ADMIN_PASSWORD_FILE)
                uk.net.host        two\\nlines  command line
                uk.net.mtu         1500        default
                uk.profile         -           not set
                """, config.describe());
        assertEquals(List.of(PASSWORD, HOST, MTU, Configs.PROFILE), config.keys());
    }

    @Test
    void namesTheKeyThatIsMissing() {
        String message = assertThrows(
                        ConfigException.class, () -> builder().build().get(HOST))
                .getMessage();
        assertEquals("""
                uk.net.host is not set: the host's name.
                Allowed: any text.
                Try: uk.net.host=... on the command line, or in uk.properties, or UK_NET_HOST in the environment""", message);
    }

    @Test
    void refusesKeysThatContradictEachOther() {
        Key<String> longer = Key.string("uk.net.host.name", "a name");
        Key<String> namesake = Key.string("uk.net.host", "another");
        Key<String> plugins = Key.string("uk.run.ports", "ports");
        for (Key<?> key : List.of(longer, namesake, plugins)) {
            assertThrows(IllegalArgumentException.class, builder().keys(key)::build, key.name());
        }
        assertEquals(4, builder().keys(HOST).keys().size());
        assertThrows(IllegalArgumentException.class, () -> builder().build().get(namesake));
        assertThrows(IllegalArgumentException.class, () -> builder().build().find(longer));
    }
}
