package io.uk4j.core.config;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A configuration key: a name, a type, what values are allowed, a default where there is one, and a description. Keys are
 * constants of the module that reads them, and its {@link KeyProvider} lists them.
 *
 * <p>Thread rule: shared, immutable.
 */
public final class Key<T> {
    private static final Pattern NAME = Pattern.compile("uk(\\.[a-z0-9]+)+");

    private final String name;
    private final String allowed;
    private final String description;
    private final Function<String, T> parser;
    private final @Nullable String defaultText;
    private final boolean secret;
    private final boolean fixed;

    private Key(
            String name,
            String allowed,
            String description,
            Function<String, T> parser,
            @Nullable String defaultText,
            boolean secret,
            boolean fixed) {
        if (secret && fixed) {
            throw new IllegalArgumentException("A secret is not sealed in an image: " + name);
        }
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("Not words of a-z and 0-9 under uk. joined by dots: " + name);
        }
        this.name = name;
        this.allowed = allowed;
        this.description = description;
        this.parser = parser;
        this.defaultText = defaultText;
        this.secret = secret;
        this.fixed = fixed;
    }

    /**
     * A key of any type.
     *
     * @param name such as {@code uk.net.ipv4}
     * @param allowed what a value looks like, in a few words: {@code an IPv4 address with prefix length, 10.0.2.15/24}
     * @param description what the value is for, one line
     * @param parser from trimmed text; throws {@link IllegalArgumentException} with a reason where the text is wrong
     */
    public static <T> Key<T> of(String name, String allowed, String description, Function<String, T> parser) {
        return new Key<>(name, allowed, description, parser, null, false, false);
    }

    /** A key whose value is any text. */
    public static Key<String> string(String name, String description) {
        return of(name, "any text", description, text -> text);
    }

    /** A key whose value is {@code true} or {@code false}. */
    public static Key<Boolean> bool(String name, String description) {
        return of(name, "true or false", description, text -> switch (text) {
            case "true" -> Boolean.TRUE;
            case "false" -> Boolean.FALSE;
            default -> throw new IllegalArgumentException("neither true nor false");
        });
    }

    /** A key whose value is a whole number from {@code min} to {@code max}. */
    public static Key<Integer> integer(String name, int min, int max, String description) {
        return of(name, "a whole number from " + min + " to " + max, description, text -> {
            int value;
            try {
                value = Integer.parseInt(text);
            } catch (NumberFormatException _) {
                throw new IllegalArgumentException("not a whole number");
            }
            if (value < min || value > max) {
                throw new IllegalArgumentException("out of range");
            }
            return value;
        });
    }

    /**
     * A key whose value is a size in bytes from {@code min} to {@code max}: a number with {@code K}, {@code M}, {@code G},
     * {@code T} (or {@code Ki}, {@code Mi} and so on; both are binary) or none.
     */
    public static Key<Long> size(String name, long min, long max, String description) {
        return of(name, "a size from " + min + " to " + max + " bytes, such as 64M", description, text -> {
            long value = Units.parseBytes(text);
            if (value < min || value > max) {
                throw new IllegalArgumentException("out of range");
            }
            return value;
        });
    }

    /** A key whose value is a duration from {@code min} to {@code max}: a number with ns, us, ms, s, m or h. */
    public static Key<Duration> duration(String name, Duration min, Duration max, String description) {
        return of(
                name,
                "a duration from " + Units.format(min) + " to " + Units.format(max) + ", such as 500ms",
                description,
                text -> {
                    Duration value = Units.parseDuration(text);
                    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
                        throw new IllegalArgumentException("out of range");
                    }
                    return value;
                });
    }

    /** A key whose value is one of an enumeration's constants, in lower case. */
    public static <E extends Enum<E>> Key<E> oneOf(String name, Class<E> type, String description) {
        String allowed = Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
        return of(name, "one of: " + allowed, description, text -> {
            for (E constant : type.getEnumConstants()) {
                if (constant.name().toLowerCase(Locale.ROOT).equals(text)) {
                    return constant;
                }
            }
            throw new IllegalArgumentException("not one of them");
        });
    }

    /**
     * This key with a default.
     *
     * @param text written as a user would write it; parsed at once
     * @throws IllegalArgumentException if it is not an allowed value
     */
    public Key<T> withDefault(String text) {
        Key<T> result = new Key<>(name, allowed, description, parser, text, secret, fixed);
        Objects.requireNonNull(result.parse(text), "a parser returns a value");
        return result;
    }

    /**
     * This key as a secret: its value is masked wherever configuration is shown.
     *
     * @throws IllegalArgumentException if it is {@linkplain #asFixed fixed}
     */
    public Key<T> asSecret() {
        return new Key<>(name, allowed, description, parser, defaultText, true, fixed);
    }

    /**
     * This key as one that is fixed when an image is made: where the sealed file gives it a value, no other layer can give it another. The strongest
     * one that tries is refused, with an error that names both. Where the sealed file leaves it open, it is like any other key. For what an image promises, such as which
     * devices it takes, and what a boot command line is not to take back.
     *
     * @throws IllegalArgumentException if it is a {@linkplain #asSecret secret}
     */
    public Key<T> asFixed() {
        return new Key<>(name, allowed, description, parser, defaultText, secret, true);
    }

    /** The name, such as {@code uk.net.ipv4}. */
    public String name() {
        return name;
    }

    /** The environment variable that sets it on the hosted platform, such as {@code UK_NET_IPV4}. */
    public String environmentName() {
        return name.toUpperCase(Locale.ROOT).replace('.', '_');
    }

    /** What a value looks like, in a few words. */
    public String allowed() {
        return allowed;
    }

    /** What the value is for. */
    public String description() {
        return description;
    }

    /** The default as a user would write it, or null if there is none. */
    public @Nullable String defaultText() {
        return defaultText;
    }

    /** Whether the value is masked wherever configuration is shown. */
    public boolean isSecret() {
        return secret;
    }

    /** Whether a value in the sealed file of an image is the only one that it may have. */
    public boolean isFixed() {
        return fixed;
    }

    /**
     * Parses a value.
     *
     * @param text as a user wrote it; white space around it does not count
     * @throws IllegalArgumentException if it is not allowed; the message says why in a few words
     */
    public T parse(String text) {
        return parser.apply(text.strip());
    }

    @Override
    public String toString() {
        return name;
    }
}
