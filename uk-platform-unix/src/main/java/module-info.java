/**
 * The hosted platform: clock, entropy, console, memory and sleep of an ordinary process, with TAP interfaces as network
 * devices and files as block devices.
 *
 * <p>It has two modes. On Linux it sleeps on epoll, reads entropy from the kernel and opens TAP interfaces, by {@code
 * java.lang.foreign}: run with {@code --enable-native-access=io.uk4j.platform.unix} (or {@code ALL-UNNAMED} on the class
 * path), else the JVM warns. In <em>portable mode</em>, chosen by itself on other systems and by {@code
 * uk.unix.portable=true}, it is pure JDK: no native call, no flag, and no TAP.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.platform.unix {
    requires transitive io.uk4j.core;
    requires jdk.unsupported;

    exports io.uk4j.platform.unix;

    provides io.uk4j.core.PlatformProvider with
            io.uk4j.platform.unix.UnixPlatformProvider;
    provides io.uk4j.core.block.BlockDeviceProvider with
            io.uk4j.platform.unix.FileBlockProvider;
    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.platform.unix.UnixKeys;
    provides io.uk4j.core.net.NetDeviceProvider with
            io.uk4j.platform.unix.TapProvider;
}
