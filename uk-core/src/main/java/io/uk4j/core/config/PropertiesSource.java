package io.uk4j.core.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.URL;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads settings from text in the format of {@link Properties}, UTF-8. */
final class PropertiesSource {
    private static final String NAME = "uk.properties";
    private static final String SEALED_NAME = "META-INF/uk4j/sealed.properties";

    /** The name of a profile, and the key that it gives a value to. */
    private static final Pattern PROFILED = Pattern.compile("%([^.]*)\\.(.*)");

    private final List<Setting> settings;
    private final Problems problems;

    /**
     * Creates it.
     *
     * @param settings what is found goes here, settings of all profiles included
     * @param problems what is wrong with a file goes here
     */
    PropertiesSource(List<Setting> settings, Problems problems) {
        this.settings = settings;
        this.problems = problems;
    }

    /** Reads {@code uk.properties} of a directory, where there is one. */
    void readDirectory(Path directory) {
        Path file = directory.resolve(NAME);
        if (Files.exists(file)) {
            read(() -> Files.newInputStream(file), file.toString(), Layer.DIRECTORY, Layer.DIRECTORY_PROFILE);
        }
    }

    /** Reads {@code uk.properties} of the class path, and the sealed file, where there are any. */
    void readClassPath(ClassLoader loader) {
        readResource(loader, NAME, "class path " + NAME, Layer.CLASS_PATH, Layer.CLASS_PATH_PROFILE);
        readResource(loader, SEALED_NAME, "sealed file", Layer.SEALED, Layer.SEALED);
    }

    private void readResource(ClassLoader loader, String name, String place, Layer plain, Layer profiled) {
        List<URL> found;
        try {
            found = Collections.list(loader.getResources(name));
        } catch (IOException e) {
            problems.add(place + ": cannot be read: " + e.getMessage(), null, null);
            return;
        }
        if (found.size() > 1) {
            problems.add(
                    name + " is on the class path " + found.size() + " times: "
                            + String.join(
                                    ", ", found.stream().map(URL::toString).toList()),
                    "Only an application brings one; which of several wins would be left to chance.",
                    "take it out of the libraries");
        }
        for (URL url : found) {
            read(url::openStream, place, plain, profiled);
        }
    }

    /** Opens a file when it is about to be read. */
    @FunctionalInterface
    private interface Opener {
        InputStream open() throws IOException;
    }

    private void read(Opener opener, String place, Layer plain, Layer profiled) {
        List<String[]> lines = new ArrayList<>();
        try (InputStream stream = opener.open();
                Reader reader = new InputStreamReader(stream, StandardCharsets.UTF_8.newDecoder())) {
            new LineCollector(lines).load(reader);
        } catch (CharacterCodingException e) {
            problems.add(place + ": is not UTF-8 text.", null, "save it as UTF-8");
            return;
        } catch (IOException | IllegalArgumentException e) {
            problems.add(
                    place + ": cannot be read: " + e.getMessage(), "A file as java.util.Properties reads it.", null);
            return;
        }
        for (String[] line : lines) {
            String name = line[0];
            Matcher matcher = PROFILED.matcher(name);
            boolean isProfiled = matcher.matches() && plain != profiled;
            settings.add(new Setting(
                    isProfiled ? profiled : plain, name, isProfiled ? matcher.group(2) : name, line[1], place));
        }
    }

    /** Sees each line in order; a plain Properties would keep only the last of two with one name. */
    private static final class LineCollector extends Properties {
        private static final long serialVersionUID = 1L;

        private final transient List<String[]> lines;

        LineCollector(List<String[]> lines) {
            this.lines = lines;
        }

        @Override
        @SuppressWarnings("UnsynchronizedOverridesSynchronized") // Used by the one thread that loads it.
        public Object put(Object name, Object value) {
            lines.add(new String[] {(String) name, (String) value});
            return value;
        }
    }
}
