/**
 * The platform of a sealed image on KVM, QEMU, Firecracker and Cloud Hypervisor: the boot layer's clock, entropy, console,
 * memory and interrupts, and the virtio devices that it finds on PCI and MMIO.
 *
 * <p>It runs in an image alone, since it asks the boot layer for hardware; everywhere else it says so and refuses. It makes
 * native calls: run with {@code --enable-native-access=io.uk4j.platform.kvm} (or {@code ALL-UNNAMED} on the class path).
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.platform.kvm {
    requires transitive io.uk4j.core;
    requires transitive io.uk4j.virtio;

    exports io.uk4j.platform.kvm;

    provides io.uk4j.core.PlatformProvider with
            io.uk4j.platform.kvm.KvmPlatformProvider;
    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.platform.kvm.KvmKeys;
    provides io.uk4j.core.block.BlockDeviceProvider with
            io.uk4j.platform.kvm.VirtioBlockProvider;
    provides io.uk4j.core.net.NetDeviceProvider with
            io.uk4j.platform.kvm.VirtioNetProvider;
}
