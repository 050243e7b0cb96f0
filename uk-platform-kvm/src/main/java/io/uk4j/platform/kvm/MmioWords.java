package io.uk4j.platform.kvm;

import io.uk4j.core.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringTokenizer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Devices that the monitor names on the command line: {@code virtio_mmio.device=<size>@<base>:<irq>[:<id>]}, as Linux has it
 * (Documentation/admin-guide/kernel-parameters.txt).
 */
final class MmioWords {
    private static final String PREFIX = "virtio_mmio.device=";
    private static final Pattern FORM = Pattern.compile("(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,18})([kKmMgG]?)"
            + "@(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,18}):([0-9]{1,4})(?::[0-9]+)?");
    private static final long SMALLEST = 0x100;
    private static final long LARGEST = 1 << 20;
    private static final long ADDRESS_LIMIT = 1L << 52;

    /** Registers of 64 bits are accessed as such. */
    private static final long ALIGNMENT = 8;

    /** A window of registers and the global system interrupt of the device behind it. */
    record Window(long base, long bytes, int line) {
        /** What messages call a device there. */
        String name() {
            return "mmio:0x" + Long.toHexString(base);
        }

        /** Whether a device can be there. */
        boolean isSound() {
            return bytes >= SMALLEST
                    && bytes <= LARGEST
                    && base > 0
                    && base < ADDRESS_LIMIT
                    && base % ALIGNMENT == 0
                    && line >= 0;
        }
    }

    private MmioWords() {}

    /**
     * Finds them in a command line.
     *
     * @throws ConfigException if a word with that name is none; it names the word
     */
    static List<Window> parse(String commandLine) {
        List<Window> windows = new ArrayList<>();
        StringTokenizer words = new StringTokenizer(commandLine);
        while (words.hasMoreTokens()) {
            String word = words.nextToken();
            if (word.startsWith(PREFIX)) {
                windows.add(window(word));
            }
        }
        return windows;
    }

    private static Window window(String word) {
        Matcher matcher = FORM.matcher(word.substring(PREFIX.length()));
        if (matcher.matches()) {
            long number = number(matcher.group(1));
            Window window = new Window(
                    number(matcher.group(3)),
                    number <= LARGEST ? number << shift(matcher.group(2)) : -1,
                    Integer.parseInt(matcher.group(4)));
            if (window.isSound()) {
                return window;
            }
        }
        throw new ConfigException(
                "The boot command line's " + word + " names no device.",
                PREFIX + "SIZE@BASE:IRQ, with a size from 256 to 1M and a base that is a multiple of 8.",
                PREFIX + "512@0xfeb00e00:12");
    }

    private static long number(String text) {
        try {
            return Long.decode(
                    text.startsWith("0") && text.length() > 1 && text.charAt(1) != 'x' && text.charAt(1) != 'X'
                            ? text.replaceFirst("^0+(?=.)", "")
                            : text);
        } catch (NumberFormatException _) {
            return -1; // more than 63 bits
        }
    }

    private static int shift(String suffix) {
        return switch (suffix.toLowerCase(Locale.ROOT)) {
            case "k" -> 10;
            case "m" -> 20;
            case "g" -> 30;
            default -> 0;
        };
    }
}
