package io.uk4j.net.pcap;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceException;
import io.uk4j.core.WaitSource;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.MacAddress;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceInfo;

/** A device that receives one frame again and again, accepts as many as it is told to, and overwrites what it has accepted. */
final class StubDevice implements NetDevice {
    private static final NetDeviceInfo INFO =
            new NetDeviceInfo("stub0", new MacAddress(0x02_00_00_00_00_01L), 1500, 0, 1514, 64, 0);

    private final ByteBuf frame;
    int toReceive;
    int toAccept = Integer.MAX_VALUE;
    boolean broken;
    int flushes;
    int closes;

    StubDevice(ByteBuf frame) {
        this.frame = frame;
    }

    @Override
    public NetDeviceInfo info() {
        return INFO;
    }

    @Override
    public WaitSource source() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int poll(FrameBatch into) {
        int count = 0;
        for (; toReceive > 0 && into.fragmentSpace() > 0; toReceive--, count++) {
            into.append(frame.retain(), 0, frame.writerIndex());
            into.endFrame();
        }
        failIfBroken();
        return count;
    }

    @Override
    public int offer(FrameBatch from) {
        int count = Math.min(toAccept, from.frames());
        for (int i = 0; i < count; i++) {
            from.buffer(i, 0).setByte(from.offset(i, 0), 0xee);
        }
        from.releaseFirst(count);
        failIfBroken();
        return count;
    }

    private void failIfBroken() {
        if (broken) {
            throw new DeviceException("gone", null, null);
        }
    }

    @Override
    public void flush() {
        flushes++;
    }

    @Override
    public boolean arm() {
        return true;
    }

    @Override
    public String describe() {
        return "a stub";
    }

    @Override
    public void close() {
        closes++;
    }
}
