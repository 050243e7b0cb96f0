package io.uk4j.maven.image;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Which class starts the application: the one named, else the one of the jar's manifest, else the only one with a main. */
final class MainClass {
    private static final int LISTED = 10;

    private MainClass() {}

    /**
     * Decides.
     *
     * @param jar the application's
     * @param named what the user says, if anything
     * @throws Problem if there is no such class, or several could be meant
     */
    static String find(Path jar, @Nullable String named) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            if (named != null && !named.isBlank()) {
                return named.strip();
            }
            String declared = attribute(file, Attributes.Name.MAIN_CLASS);
            if (!declared.isEmpty()) {
                return declared;
            }
            List<String> mains = mains(file);
            if (mains.size() == 1) {
                return mains.get(0);
            }
            boolean none = mains.isEmpty();
            throw new Problem(
                    ProblemCode.UK102,
                    jar
                            + (none
                                    ? " has no class with a main, and names none in its manifest."
                                    : " has " + mains.size() + " classes with a main."),
                    none
                            ? "Allowed: public static void main(String[])."
                            : "Found: " + String.join(", ", mains.subList(0, Math.min(LISTED, mains.size()))) + '.',
                    "<mainClass>" + (none ? "com.example.Main" : mains.get(0))
                            + "</mainClass>, or -Duk.image.mainClass=" + (none ? "com.example.Main" : mains.get(0)));
        }
    }

    /**
     * Values of an attribute of a jar's manifest whose value is a list of words.
     *
     * @return the words; none if there is no such attribute
     */
    static List<String> words(Path jar, String attribute) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            String value = attribute(file, new Attributes.Name(attribute));
            return value.isEmpty() ? List.of() : List.of(value.split("\\s+", -1));
        }
    }

    private static String attribute(JarFile file, Attributes.Name name) throws IOException {
        Manifest manifest = file.getManifest();
        String value = manifest == null ? null : manifest.getMainAttributes().getValue(name);
        return value == null ? "" : value.strip();
    }

    private static List<String> mains(JarFile file) throws IOException {
        List<String> mains = new ArrayList<>();
        for (Enumeration<JarEntry> entries = file.entries(); entries.hasMoreElements(); ) {
            JarEntry entry = entries.nextElement();
            if (entry.getName().endsWith(".class") && !entry.getName().startsWith("META-INF/")) {
                try (InputStream from = file.getInputStream(entry)) {
                    Finder finder = new Finder();
                    new ClassReader(from)
                            .accept(finder, ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
                    if (finder.found) {
                        mains.add(entry.getName().replace('/', '.').replaceFirst("\\.class$", ""));
                    }
                }
            }
        }
        mains.sort(null);
        return mains;
    }

    /** Looks for a main. */
    private static final class Finder extends ClassVisitor {
        private static final int WANTED = Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC;

        private boolean found;

        Finder() {
            super(Opcodes.ASM9);
        }

        @Override
        public @Nullable MethodVisitor visitMethod(
                int access, String name, String descriptor, @Nullable String signature, String[] exceptions) {
            found |= name.equals("main") && descriptor.equals("([Ljava/lang/String;)V") && (access & WANTED) == WANTED;
            return null;
        }
    }
}
