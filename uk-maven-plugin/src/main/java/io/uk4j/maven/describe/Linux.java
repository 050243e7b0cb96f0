package io.uk4j.maven.describe;

/**
 * The usual kernel below a JVM in a virtual machine, for comparison: that of Debian 12 for clouds, package linux-image-6.1.0-56-cloud-amd64, version
 * 6.1.192-2. docs/images.md has the commands that give these figures.
 */
final class Linux {
    static final String NAME = "Linux 6.1 of Debian 12 for clouds";

    /** Text and data as {@code size vmlinux} counts them, without what is only reserved. */
    static final long KERNEL_BYTES = 23_660_620L + 12_639_702L;

    /** The modules for a virtio network device and a virtio disk: virtio_net, net_failover, failover, virtio_blk. */
    static final long MODULE_BYTES = 154_649L + 38_273L + 19_881L + 58_209L;

    private Linux() {}
}
