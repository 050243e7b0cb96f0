package io.uk4j.core.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link Config} from layers. A layer that is not named to the builder is not read, so a test sees nothing of the
 * process that it runs in. Which value of a key wins, from the strongest:
 *
 * <ol>
 *   <li>what the program itself {@linkplain Builder#set set};
 *   <li>the boot command line: {@code uk.net.ipv4=10.0.2.15/24}, or the same with {@code --} in front; of two with one
 *       key the later;
 *   <li>system properties;
 *   <li>environment variables: {@code UK_NET_IPV4};
 *   <li>{@code uk.properties} in the working directory, then {@code uk.properties} on the class path, which the
 *       application brings in its jar;
 *   <li>the lines {@code %dev.uk.net.ipv4=...} of these two files, in the same order, where {@code uk.profile} is {@code
 *       dev}: a profile gives values to what the plain lines leave open;
 *   <li>the sealed file of an image, {@code META-INF/uk4j/sealed.properties} on the class path;
 *   <li>the key's default.
 * </ol>
 *
 * <p>A value of a {@linkplain Key#asSecret secret} key may stand in a file: {@code uk.x.file=PATH} in any layer gives
 * {@code uk.x} the text of that file (UTF-8, at most 64 KiB, without the line end that closes it). PATH is relative to
 * the working directory.
 *
 * <p>A {@linkplain Key#asFixed fixed} key that the sealed file gives a value has that one: another in a stronger layer is refused.
 *
 * <p>Names under {@code uk.} and variables that start with {@code UK_} are ours: an unknown one is refused wherever it
 * stands, except for {@code UK_REQUIRE_ALL}. So is every other name in {@code uk.properties} and on the command line.
 *
 * <p>Thread rule: a builder belongs to one thread.
 */
public final class Configs {
    /** Chooses which lines with {@code %NAME.} in front count. */
    public static final Key<String> PROFILE = Key.of(
            "uk.profile",
            "a word of a-z and 0-9",
            "which lines of uk.properties with %NAME. in front count",
            Configs::profileName);

    private Configs() {}

    private static String profileName(String text) {
        if (text.isEmpty() || !text.chars().allMatch(c -> (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            throw new IllegalArgumentException("not such a word");
        }
        return text;
    }

    /** A builder that knows {@link #PROFILE} and no layer. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects keys and layers. */
    public static final class Builder {
        private final List<Key<?>> keys = new ArrayList<>(List.of(PROFILE));
        private final List<Setting> given = new ArrayList<>();
        private final List<String> words = new ArrayList<>();
        private Map<String, String> environment = Map.of();
        private Path directory = Path.of("");
        private boolean readsDirectory;
        private @Nullable ClassLoader loader;

        private Builder() {}

        /** Makes keys known. Naming the same one again has no further effect. */
        public Builder keys(Key<?>... more) {
            return keys(List.of(more));
        }

        /** Makes keys known. Naming the same one again has no further effect. */
        public Builder keys(Collection<? extends Key<?>> more) {
            keys.addAll(more);
            return this;
        }

        /**
         * Makes the keys of all modules known whose {@link KeyProvider} this loader finds.
         *
         * @throws java.util.ServiceConfigurationError if a provider cannot be loaded
         */
        public Builder discoverKeys(ClassLoader from) {
            ServiceLoader.load(KeyProvider.class, from).forEach(provider -> keys(provider.keys()));
            return this;
        }

        /** Gives a key a value that nothing overrides. */
        public Builder set(String name, String text) {
            given.add(new Setting(Layer.CODE, name, name, text, "set by the program"));
            return this;
        }

        /** Adds words of the boot command line, each {@code uk.KEY=VALUE} or {@code --uk.KEY=VALUE}. */
        public Builder commandLine(Collection<String> more) {
            words.addAll(more);
            return this;
        }

        /** Adds system properties; those whose names do not start with {@code uk.} do not count. */
        public Builder systemProperties(Map<String, String> properties) {
            properties.forEach((name, text) -> {
                if (name.startsWith("uk.")) {
                    given.add(new Setting(Layer.SYSTEM_PROPERTY, name, name, text, "system property"));
                }
            });
            return this;
        }

        /**
         * Reads environment variables; those whose names do not start with {@code UK_} do not count. Only a hosted
         * appliance has an environment.
         */
        public Builder environment(Map<String, String> variables) {
            environment = Map.copyOf(variables);
            return this;
        }

        /** Reads {@code uk.properties} of this directory, if there is one, and takes paths as relative to it. */
        public Builder directory(Path workingDirectory) {
            directory = workingDirectory;
            readsDirectory = true;
            return this;
        }

        /** Reads {@code uk.properties} and the sealed file of the class path (or module path) that this loader sees. */
        public Builder classPath(ClassLoader from) {
            loader = from;
            return this;
        }

        /** All keys known so far, ordered by name. */
        public List<Key<?>> keys() {
            return new KnownKeys(keys).all();
        }

        /**
         * Reads the layers and checks everything.
         *
         * @throws ConfigException if anything is wrong; its message holds all that is
         * @throws IllegalArgumentException if two keys have one name, a key's name is a prefix of another's, or a key's
         *     name is the build plugin's
         */
        public Config build() {
            KnownKeys known = new KnownKeys(keys);
            Problems problems = new Problems();
            List<Setting> settings = new ArrayList<>(given);
            words.forEach(word -> readWord(word, settings, problems));
            environment.forEach((name, text) -> {
                // Set for a whole build, where it makes a skipped test a failure, and inherited by what tests start.
                if (name.startsWith("UK_") && !name.equals("UK_REQUIRE_ALL")) {
                    settings.add(new Setting(Layer.ENVIRONMENT, name, known.ofEnvironment(name), text, "environment"));
                }
            });
            PropertiesSource files = new PropertiesSource(settings, problems);
            if (readsDirectory) {
                files.readDirectory(directory);
            }
            if (loader != null) {
                files.readClassPath(loader);
            }
            Config config = new Resolver(known, directory, problems).resolve(settings);
            problems.throwIfAny();
            return config;
        }

        private static void readWord(String word, List<Setting> settings, Problems problems) {
            int equals = word.indexOf('=');
            String name = word.substring(word.startsWith("--") ? 2 : 0, equals < 0 ? word.length() : equals);
            if (equals < 0 || !name.startsWith("uk.")) {
                problems.add(
                        (equals < 0 ? word : word.substring(0, equals)) + " (command line): not a setting.",
                        "Allowed: uk.KEY=VALUE (with or without -- in front), --help, --describe; an application's own after --.",
                        "--help, which lists all keys");
                return;
            }
            settings.add(new Setting(Layer.COMMAND_LINE, name, name, word.substring(equals + 1), "command line"));
        }
    }
}
