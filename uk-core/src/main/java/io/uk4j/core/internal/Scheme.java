package io.uk4j.core.internal;

import io.uk4j.core.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Chooses among device providers by the scheme of a specification, the part before its first colon.
 *
 * @param <P> the type of provider
 */
public final class Scheme<P> {
    private final String setting;
    private final Map<String, String> dependencies;
    private final Function<P, String> schemeOf;
    private final Function<P, String> usageOf;

    /**
     * Creates it.
     *
     * @param setting the name of the key that usually holds the specification
     * @param dependencies the artifact that brings a scheme, by the way in which an address of that scheme is written
     * @param schemeOf a provider's scheme
     * @param usageOf how an address of a provider's scheme is written
     */
    public Scheme(
            String setting,
            Map<String, String> dependencies,
            Function<P, String> schemeOf,
            Function<P, String> usageOf) {
        this.setting = setting;
        this.dependencies = new TreeMap<>(dependencies);
        this.schemeOf = schemeOf;
        this.usageOf = usageOf;
    }

    /** What follows the scheme and its colon; empty where there is no colon. */
    public static String address(String spec) {
        int colon = spec.indexOf(':');
        return colon < 0 ? "" : spec.substring(colon + 1);
    }

    /**
     * The one provider of the specification's scheme.
     *
     * @throws ConfigException if there is none, or more than one
     */
    public P choose(Iterable<P> providers, String spec) {
        String scheme = schemeIn(spec);
        List<P> fitting = new ArrayList<>();
        List<String> usages = new ArrayList<>();
        for (P provider : providers) {
            usages.add(usageOf.apply(provider));
            if (schemeOf.apply(provider).equals(scheme)) {
                fitting.add(provider);
            }
        }
        usages.sort(null);
        if (fitting.size() == 1) {
            return fitting.getFirst();
        }
        if (fitting.isEmpty()) {
            throw new ConfigException(
                    setting + '=' + spec + ": nothing here opens devices of the scheme " + scheme + ":.",
                    usages.isEmpty()
                            ? "Allowed are the schemes of the modules that are linked in; there is none."
                            : "Allowed: " + String.join(", ", usages) + '.',
                    remedy(scheme, usages));
        }
        throw new ConfigException(
                setting + '=' + spec + ": several modules open devices of the scheme " + scheme + ":.",
                "Found: "
                        + String.join(
                                ", ",
                                fitting.stream()
                                        .map(provider -> provider.getClass().getName())
                                        .sorted()
                                        .toList())
                        + '.',
                "take all but one off the class path");
    }

    private static String schemeIn(String spec) {
        int colon = spec.indexOf(':');
        return colon < 0 ? spec : spec.substring(0, colon);
    }

    /** The dependency to add: the one that brings the wanted scheme, else all that bring what is not here yet. */
    private @Nullable String remedy(String scheme, List<String> usages) {
        List<String> missing = new ArrayList<>();
        for (Map.Entry<String, String> dependency : dependencies.entrySet()) {
            String usage = dependency.getKey();
            String text = "the dependency io.uk4j:" + dependency.getValue() + ", which brings " + usage;
            if (schemeIn(usage).equals(scheme)) {
                return text;
            }
            if (usages.stream().noneMatch(present -> schemeIn(present).equals(schemeIn(usage)))) {
                missing.add(text);
            }
        }
        return missing.isEmpty() ? null : String.join("; or ", missing);
    }
}
