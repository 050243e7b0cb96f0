package io.uk4j.core.config;

import java.time.Duration;

/** Sizes and durations as users write them. What is wrong is an {@link IllegalArgumentException} with a reason. */
final class Units {
    private Units() {}

    /** Bytes of {@code 64}, {@code 64K}, {@code 64Ki}, and so on up to {@code T}; all binary. */
    static long parseBytes(String text) {
        String number = text.endsWith("i") ? text.substring(0, text.length() - 1) : text;
        int shift = number.isEmpty()
                ? 0
                : switch (number.charAt(number.length() - 1)) {
                    case 'K' -> 10;
                    case 'M' -> 20;
                    case 'G' -> 30;
                    case 'T' -> 40;
                    default -> 0;
                };
        if (shift > 0) {
            number = number.substring(0, number.length() - 1);
        } else if (text.endsWith("i")) {
            throw new IllegalArgumentException("not a size");
        }
        return multiply(parseNumber(number, "not a size"), 1L << shift, "more bytes than 63 bits count");
    }

    /** {@code 10ns}, {@code 10us}, {@code 500ms}, {@code 2s}, {@code 5m}, {@code 1h}. */
    static Duration parseDuration(String text) {
        int digits = 0;
        while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
            digits++;
        }
        long number = parseNumber(text.substring(0, digits), "not a duration");
        return switch (text.substring(digits)) {
            case "ns" -> Duration.ofNanos(number);
            case "us" -> nanos(number, 1_000L);
            case "ms" -> nanos(number, 1_000_000L);
            case "s" -> nanos(number, 1_000_000_000L);
            case "m" -> nanos(number, 60_000_000_000L);
            case "h" -> nanos(number, 3_600_000_000_000L);
            default -> throw new IllegalArgumentException("a duration needs a unit: ns, us, ms, s, m or h");
        };
    }

    /** A duration in the largest unit that divides it. */
    static String format(Duration duration) {
        long ns = duration.toNanos();
        if (ns == 0) {
            return "0s";
        }
        String[] names = {"h", "m", "s", "ms", "us"};
        long[] units = {3_600_000_000_000L, 60_000_000_000L, 1_000_000_000L, 1_000_000L, 1_000L};
        for (int i = 0; i < units.length; i++) {
            if (ns % units[i] == 0) {
                return ns / units[i] + names[i];
            }
        }
        return ns + "ns";
    }

    private static Duration nanos(long number, long unitNs) {
        return Duration.ofNanos(multiply(number, unitNs, "longer than 292 years"));
    }

    private static long multiply(long number, long unit, String complaint) {
        if (number > Long.MAX_VALUE / unit) {
            throw new IllegalArgumentException(complaint);
        }
        return number * unit;
    }

    private static long parseNumber(String digits, String complaint) {
        if (digits.isEmpty() || digits.length() > 18 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException(complaint);
        }
        return Long.parseLong(digits);
    }
}
