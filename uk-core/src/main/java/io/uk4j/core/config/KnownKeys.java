package io.uk4j.core.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All keys that a configuration understands, by every name that they have. */
final class KnownKeys {
    /** What follows a secret key's name where its value is to be read from a file. */
    static final String FILE_SUFFIX = ".file";

    private static final List<String> OF_THE_BUILD =
            List.of("uk.image", "uk.run", "uk.start", "uk.stop", "uk.describe", "uk.test", "uk.skip");

    private final NavigableMap<String, Key<?>> byName = new TreeMap<>();
    private final Map<String, Key<?>> byFileName = new HashMap<>();
    private final Map<String, String> byEnvironmentName = new TreeMap<>();

    /**
     * Checks the keys against each other.
     *
     * @throws IllegalArgumentException if two keys have one name, a name is also a prefix of another, or a name is the
     *     build plugin's: a defect of the modules that define them
     */
    KnownKeys(Collection<? extends Key<?>> keys) {
        for (Key<?> key : keys) {
            Key<?> other = byName.put(key.name(), key);
            if (other != null && other != key) {
                throw new IllegalArgumentException("Two modules define the key " + key + '.');
            }
            if (isOfTheBuild(key.name())) {
                throw new IllegalArgumentException("The key " + key + " has a name that belongs to the build plugin.");
            }
        }
        for (String name : byName.keySet()) {
            String longer = byName.ceilingKey(name + '.');
            if (longer != null && longer.startsWith(name + '.')) {
                throw new IllegalArgumentException("A key is never both a value and a prefix: " + name + ", " + longer);
            }
        }
        for (Key<?> key : byName.values()) {
            byEnvironmentName.put(key.environmentName(), key.name());
            if (key.isSecret()) {
                byFileName.put(key.name() + FILE_SUFFIX, key);
                byEnvironmentName.put(key.environmentName() + "_FILE", key.name() + FILE_SUFFIX);
            }
        }
    }

    List<Key<?>> all() {
        return new ArrayList<>(byName.values());
    }

    @Nullable
    Key<?> find(String name) {
        return byName.get(name);
    }

    /** Whether a user may set this name: a key's own, or that of a secret's file. */
    boolean isSettable(String name) {
        return byName.containsKey(name) || byFileName.containsKey(name);
    }

    /** The name that an environment variable sets; for an unknown one, the name that it would set. */
    String ofEnvironment(String variable) {
        String name = byEnvironmentName.get(variable);
        return name == null ? variable.toLowerCase(Locale.ROOT).replace('_', '.') : name;
    }

    static boolean isOfTheBuild(String name) {
        return OF_THE_BUILD.stream().anyMatch(prefix -> name.equals(prefix) || name.startsWith(prefix + '.'));
    }

    /** Reports a name that may not be set. Its value is not shown: it may be a secret under a misspelled name. */
    void refuse(Setting setting, Problems problems) {
        boolean variable = setting.layer() == Layer.ENVIRONMENT;
        String what = setting.name() + " (" + setting.place() + "): ";
        if (isOfTheBuild(setting.key())) {
            problems.add(
                    what + "this belongs to the build plugin, not to an appliance.",
                    "Keys under " + String.join(", ", OF_THE_BUILD) + " are read by uk-maven-plugin alone.",
                    "give it to Maven, or leave it out");
            return;
        }
        List<String> nearest = variable
                ? NearestNames.of(setting.name(), byEnvironmentName.keySet())
                : NearestNames.of(setting.key(), settableNames());
        problems.add(
                what + "there is no such key.",
                nearest.isEmpty()
                        ? "Allowed are the keys of the modules that are linked in; none has a name like this."
                        : "Nearest: " + String.join(", ", nearest) + '.',
                nearest.isEmpty()
                        ? "--help, which lists all keys; or add the dependency that brings this one"
                        : nearest.getFirst() + "=..., or --help, which lists all keys");
    }

    private Collection<String> settableNames() {
        List<String> names = new ArrayList<>(byName.keySet());
        names.addAll(byFileName.keySet());
        return names;
    }
}
