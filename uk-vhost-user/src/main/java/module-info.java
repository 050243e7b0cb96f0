/**
 * Virtio devices in other processes on the same machine, by the vhost-user protocol: {@code vhost-user:PATH} as network and as
 * block device. The drivers are those of {@code io.uk4j.virtio}; this is how they reach a back end from a hosted process. And the
 * other side of a network device: {@code vhost-user-backend:PATH}.
 *
 * <p>Needs the unix platform in its Linux mode.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.vhost.user {
    requires transitive io.uk4j.core;
    requires io.uk4j.mm;
    requires io.uk4j.platform.unix;
    requires transitive io.uk4j.virtio;

    exports io.uk4j.vhost.user;

    provides io.uk4j.core.block.BlockDeviceProvider with
            io.uk4j.vhost.user.VhostUserBlockProvider;
    provides io.uk4j.core.config.KeyProvider with
            io.uk4j.vhost.user.VhostUserKeys;
    provides io.uk4j.core.net.NetDeviceProvider with
            io.uk4j.vhost.user.VhostUserNetProvider,
            io.uk4j.vhost.user.VhostUserBackEndProvider;
}
