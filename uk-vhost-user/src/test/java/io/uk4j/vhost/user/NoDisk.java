package io.uk4j.vhost.user;

import io.uk4j.core.SignalSource;
import io.uk4j.core.WaitSource;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;

/** A disk that nobody may use. */
final class NoDisk implements BlockDevice {
    @Override
    public BlockDeviceInfo info() {
        return new BlockDeviceInfo("none", 512, 8, false, 1, 1, false);
    }

    @Override
    public WaitSource source() {
        return new SignalSource();
    }

    @Override
    public boolean submit(BlockRequest request) {
        throw new IllegalStateException("used");
    }

    @Override
    public int poll(int limit) {
        throw new IllegalStateException("used");
    }

    @Override
    public boolean arm() {
        throw new IllegalStateException("used");
    }

    @Override
    public void close() {
        throw new IllegalStateException("used");
    }
}
