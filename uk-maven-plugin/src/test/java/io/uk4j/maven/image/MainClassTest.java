package io.uk4j.maven.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainClassTest {
    @TempDir
    Path folder;

    /** Starts something. */
    static final class One {
        public static void main(String[] arguments) {}
    }

    /** Starts something else. */
    static final class Two {
        public static void main(String[] arguments) {}
    }

    /** Starts nothing: not public. */
    static final class None {
        static void main(String[] arguments) {}
    }

    private Path jar(@Nullable String main, Class<?>... classes) throws IOException {
        Path jar = folder.resolve("test.jar");
        java.util.jar.Manifest manifest = new java.util.jar.Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (main != null) {
            manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, main);
        }
        manifest.getMainAttributes().putValue("Add-Opens", "java.base/java.lang  java.base/java.io");
        try (JarOutputStream to = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            for (Class<?> type : classes) {
                String name = type.getName().replace('.', '/') + ".class";
                to.putNextEntry(new JarEntry(name));
                try (InputStream from = Objects.requireNonNull(type.getResourceAsStream('/' + name))) {
                    from.transferTo(to);
                }
            }
        }
        return jar;
    }

    @Test
    void takesWhatTheUserSays() throws Exception {
        assertEquals("a.B", MainClass.find(jar("c.D", One.class), " a.B "));
    }

    @Test
    void thenWhatTheManifestSays() throws Exception {
        assertEquals("c.D", MainClass.find(jar("c.D", One.class), null));
    }

    @Test
    void thenTheOnlyOneThereIs() throws Exception {
        assertEquals(One.class.getName(), MainClass.find(jar(null, One.class, None.class), ""));
    }

    @Test
    void listsThemIfThereAreSeveral() throws Exception {
        Path jar = jar(null, Two.class, One.class);
        Problem problem = assertThrows(Problem.class, () -> MainClass.find(jar, null));
        assertEquals(ProblemCode.UK102, problem.code());
        List<String> lines = problem.lines();
        assertEquals(3, lines.size());
        assertEquals("Found: " + One.class.getName() + ", " + Two.class.getName() + '.', lines.get(1));
        assertTrue(lines.get(2).startsWith("Try: <mainClass>" + One.class.getName()), lines.get(2));
    }

    @Test
    void saysIfThereIsNone() throws Exception {
        Path jar = jar(null, None.class);
        Problem problem = assertThrows(Problem.class, () -> MainClass.find(jar, null));
        assertTrue(problem.lines().get(0).contains("has no class with a main"));
    }

    @Test
    void readsListsOfTheManifest() throws Exception {
        Path jar = jar(null);
        assertEquals(List.of("java.base/java.lang", "java.base/java.io"), MainClass.words(jar, "Add-Opens"));
        assertEquals(List.of(), MainClass.words(jar, "Add-Exports"));
    }
}
