package io.uk4j.core.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Finds the setting that wins for each key, and what is wrong with any. */
final class Resolver {
    private static final int SECRET_LIMIT_BYTES = 64 * 1024;
    private static final Set<Layer> PROFILED = EnumSet.of(Layer.DIRECTORY_PROFILE, Layer.CLASS_PATH_PROFILE);

    private final KnownKeys known;
    private final Path directory;
    private final Problems problems;

    Resolver(KnownKeys known, Path directory, Problems problems) {
        this.known = known;
        this.directory = directory;
        this.problems = problems;
    }

    Config resolve(List<Setting> unordered) {
        // Stable, so that words of the command line keep their order, and so that problems are told in one order.
        List<Setting> settings = new ArrayList<>(unordered);
        settings.sort(Comparator.comparing(Setting::layer)
                .thenComparing(setting -> setting.layer() == Layer.COMMAND_LINE ? "" : setting.name()));
        checkNames(settings);
        Map<String, Setting> winners = winners(settings, "");
        Setting profile = winners.get(Configs.PROFILE.name());
        if (profile != null) {
            winners = winners(settings, "%" + profile.text().strip() + '.');
        }
        Map<String, Setting> sealed = new HashMap<>();
        settings.stream()
                .filter(setting -> setting.layer() == Layer.SEALED)
                .forEach(setting -> sealed.put(setting.key(), setting));
        List<LayeredConfig.Entry<?>> entries = new ArrayList<>();
        for (Key<?> key : known.all()) {
            Setting fixed = key.isFixed() ? sealed.get(key.name()) : null;
            Setting strongest = winners.get(key.name());
            entries.add(fixed == null || strongest == null ? entry(key, winners) : fixed(key, fixed, strongest));
        }
        return new LayeredConfig(entries);
    }

    private void checkNames(List<Setting> settings) {
        Set<String> inFiles = new HashSet<>();
        for (Setting setting : settings) {
            boolean profiled = PROFILED.contains(setting.layer());
            if (!known.isSettable(setting.key())) {
                known.refuse(setting, problems);
            } else if (profiled && setting.key().equals(Configs.PROFILE.name())) {
                problems.add(
                        setting.name() + " (" + setting.place() + "): a profile cannot choose a profile.",
                        null,
                        "set " + Configs.PROFILE + " without a profile in front");
            } else if (setting.layer().isFile() && !inFiles.add(setting.layer() + setting.name())) {
                problems.add(
                        setting.name() + " (" + setting.place() + "): stands there twice.", null, "remove one line");
            }
        }
    }

    /** The strongest setting of each name; lines of other profiles than the given one do not count. */
    private Map<String, Setting> winners(List<Setting> settings, String profilePrefix) {
        Map<String, Setting> winners = new HashMap<>();
        for (Setting setting : settings) {
            boolean counts = !PROFILED.contains(setting.layer())
                    || (!profilePrefix.isEmpty() && setting.name().startsWith(profilePrefix));
            if (counts) {
                winners.merge(setting.key(), setting, (old, next) -> next.layer() == old.layer() ? next : old);
            }
        }
        return winners;
    }

    private <T> LayeredConfig.Entry<T> entry(Key<T> key, Map<String, Setting> winners) {
        Setting plain = winners.get(key.name());
        Setting file = key.isSecret() ? winners.get(key.name() + KnownKeys.FILE_SUFFIX) : null;
        if (plain != null && file != null && plain.layer() == file.layer()) {
            problems.add(
                    plain.name() + " and " + file.name() + " (" + plain.place() + "): both are set.",
                    "Only one of them can give the value.",
                    "remove one");
        } else if (file != null && (plain == null || file.layer().compareTo(plain.layer()) < 0)) {
            return fromFile(key, file);
        } else if (plain != null) {
            return parsed(key, plain, plain.text(), plain.origin());
        }
        String text = key.defaultText();
        return text == null
                ? LayeredConfig.Entry.unset(key)
                : new LayeredConfig.Entry<>(key, text, key.parse(text), "default");
    }

    /** The sealed value, which the strongest one has to be equal to. */
    private <T> LayeredConfig.Entry<T> fixed(Key<T> key, Setting sealed, Setting strongest) {
        LayeredConfig.Entry<T> entry = parsed(key, sealed, sealed.text(), sealed.origin());
        if (entry.value() != null && !entry.value().equals(tryParse(key, strongest.text()))) {
            problems.add(
                    strongest.name() + '=' + strongest.text() + " (" + strongest.place()
                            + "): the image is sealed with " + key + '=' + entry.shown() + " (" + sealed.place() + ").",
                    "Allowed: " + entry.shown() + ", or nothing; this key is fixed when an image is made.",
                    "leave it out, or make an image with another value");
        }
        return entry;
    }

    private static <T> @Nullable T tryParse(Key<T> key, String text) {
        try {
            return key.parse(text);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    private <T> LayeredConfig.Entry<T> fromFile(Key<T> key, Setting setting) {
        String reason;
        try {
            return parsed(
                    key, setting, read(directory.resolve(setting.text().strip())), "file (" + setting.origin() + ')');
        } catch (NoSuchFileException e) {
            reason = "there is no such file";
        } catch (CharacterCodingException e) {
            reason = "this file is not UTF-8 text";
        } catch (IOException | InvalidPathException e) {
            reason = "this file cannot be read: " + e.getMessage();
        }
        problems.add(
                setting.name() + '=' + setting.text() + " (" + setting.place() + "): " + reason + '.',
                "Allowed: a readable file of UTF-8 text, at most " + SECRET_LIMIT_BYTES / 1024 + " KiB.",
                "correct the path; it is relative to " + directory.toAbsolutePath());
        return LayeredConfig.Entry.unset(key);
    }

    private static String read(Path file) throws IOException {
        try (InputStream stream = Files.newInputStream(file)) {
            byte[] bytes = stream.readNBytes(SECRET_LIMIT_BYTES + 1);
            if (bytes.length > SECRET_LIMIT_BYTES) {
                throw new IOException("it is too long");
            }
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.replaceFirst("\r?\n\\z", "");
        }
    }

    private <T> LayeredConfig.Entry<T> parsed(Key<T> key, Setting setting, String text, String origin) {
        try {
            T value = Objects.requireNonNull(key.parse(text), "a parser returns a value");
            return new LayeredConfig.Entry<>(key, text.strip(), value, origin);
        } catch (IllegalArgumentException e) {
            refuse(key, setting, e.getMessage());
            return LayeredConfig.Entry.unset(key);
        }
    }

    private void refuse(Key<?> key, Setting setting, @Nullable String reason) {
        boolean fromFile = !setting.key().equals(key.name());
        String shown = key.isSecret() && !fromFile ? LayeredConfig.MASK : setting.text();
        // What a parser says may quote the value.
        String why = key.isSecret() || reason == null ? "not an allowed value" : reason;
        String place = setting.layer() == Layer.ENVIRONMENT ? setting.place() + ", key " + key : setting.place();
        String defaultText = key.defaultText();
        problems.add(
                setting.name() + '=' + shown + " (" + place + "): " + why + '.',
                "Allowed: " + key.allowed() + '.',
                defaultText != null && !key.isSecret() && !fromFile
                        ? setting.name() + '=' + defaultText + ", the default"
                        : "correct it there, or leave it out");
    }
}
