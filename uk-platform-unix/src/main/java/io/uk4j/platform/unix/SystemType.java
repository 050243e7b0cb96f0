package io.uk4j.platform.unix;

import java.util.Locale;
import java.util.Set;

/** Which systems the Linux mode knows; apart from {@link Posix}, so that asking makes no native call. */
final class SystemType {
    /** Little-endian 64-bit processors whose Linux uses the generic numbers for ioctls and flags. */
    private static final Set<String> ARCHITECTURES = Set.of("amd64", "x86_64", "aarch64", "riscv64");

    private SystemType() {}

    /** Whether the Linux mode runs there; the arguments are as in the system properties. */
    static boolean isSupported(String osName, String osArchitecture) {
        return osName.equals("Linux") && ARCHITECTURES.contains(osArchitecture.toLowerCase(Locale.ROOT));
    }
}
