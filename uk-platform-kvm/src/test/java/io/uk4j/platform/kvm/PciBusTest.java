package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.uk4j.virtio.transport.PciFunction;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class PciBusTest {
    private final ModelBoot boot = new ModelBoot();

    private ByteBuffer function(int bus, int device, int number, int vendor, int type) {
        byte[] bytes = new byte[256];
        boot.functions.put((bus << 8) | (device << 3) | number, bytes);
        ByteBuffer function = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        function.putShort(0, (short) vendor);
        function.putShort(2, (short) type);
        return function;
    }

    private List<PciFunction> scan() {
        return PciBus.scan(boot, AcpiTables.read(0, (_, _) -> java.lang.foreign.MemorySegment.NULL));
    }

    @Test
    void mapsTheBarsOfAVirtioFunction() {
        ByteBuffer net = function(0, 3, 0, 0x1af4, 0x1041);
        net.putInt(16, 0xc001); // 32 ports at 0xc000
        net.putInt(20, 0xfebd1000);
        net.putInt(32, 0xfe000004);
        net.putInt(36, 1);
        boot.bars.put(3 << 3, new long[] {32, 4096, 0, 0, 16384, 0});
        PciFunction found = scan().getFirst();
        assertEquals("pci:00:03.0", found.name());
        assertEquals(32, Objects.requireNonNull(found.bars().get(0)).sizeBytes());
        assertEquals(4096, Objects.requireNonNull(found.bars().get(1)).sizeBytes());
        assertEquals(16384, Objects.requireNonNull(found.bars().get(4)).sizeBytes());
        assertNull(found.bars().get(2));
        assertNull(found.bars().get(5));
        assertEquals(4096, boot.mapped.get(0xfebd1000L));
        assertEquals(16384, boot.mapped.get(0x1fe000000L));
        assertEquals(0xc001, net.getInt(16), "BARs keep their addresses");
        assertEquals(0xfe000004, net.getInt(32));
        assertEquals(1, net.getInt(36));
        assertEquals(3, net.getShort(4) & 3, "and are decoded");
        assertEquals(PciBus.MESSAGES, found.messages().size());
        assertEquals(1, found.deviceType());
    }

    @Test
    void findsFunctionsBehindBridgesAndNoOthers() {
        function(0, 0, 0, 0x8086, 0x29c0);
        ByteBuffer bridge = function(0, 1, 0, 0x8086, 0x2448);
        bridge.put(14, (byte) 1);
        bridge.put(25, (byte) 7);
        function(7, 4, 0, 0x1af4, 0x1042).put(14, (byte) 0x80);
        function(7, 4, 2, 0x1af4, 0x1041);
        ByteBuffer back = function(7, 5, 0, 0x8086, 0x2448);
        back.put(14, (byte) 1);
        back.put(25, (byte) 0);
        assertEquals(
                List.of("pci:07:04.0", "pci:07:04.2"),
                scan().stream().map(PciFunction::name).toList());
    }

    @Test
    void thePlatformGivesInterruptsBack() {
        function(0, 3, 0, 0x1af4, 0x1041);
        KvmPlatform platform = new KvmPlatform(boot, "", java.io.OutputStream.nullOutputStream());
        assertEquals(
                1, platform.devices(io.uk4j.virtio.transport.VirtioSlot.class).size());
        assertEquals(PciBus.MESSAGES, boot.openInterrupts());
        platform.close();
        assertEquals(0, boot.openInterrupts());
        platform.close();
    }

    @Test
    void leavesOutABarWithoutAnAddress() {
        ByteBuffer net = function(0, 3, 0, 0x1af4, 0x1041);
        net.putInt(20, 0);
        boot.bars.put(3 << 3, new long[] {0, 4096, 0, 0, 0, 0});
        assertNull(scan().getFirst().bars().get(1));
        assertNotNull(scan().getFirst().configuration());
    }
}
