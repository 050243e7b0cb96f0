package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceException;
import io.uk4j.virtio.Registers;
import io.uk4j.virtio.transport.PciFunction;
import io.uk4j.virtio.transport.VirtioSlot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        return PciBus.scan(
                boot, AcpiTables.read(0, (_, _) -> java.lang.foreign.MemorySegment.NULL), new DeviceInterrupts(boot));
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

    @Test
    void aFunctionThatFirmwareLeftRunningIsKeptFromMemory() {
        ByteBuffer net = function(0, 3, 0, 0x1af4, 0x1041);
        net.putShort(4, (short) 7);
        scan();
        assertEquals(3, net.getShort(4));
    }

    /** What a BAR says of itself, where none of it can be: that BAR is left out, and the others are there. */
    @ParameterizedTest
    @CsvSource({
        "0xfffff000, 0x1000, beyond the address space of a wide BAR",
        "0x00200000, 0x1000, memory of the boot layer",
        "0xfebd1000, 0x4000, not at a multiple of its size",
        "0xfebd1000, 0x5000, no power of two"
    })
    void leavesOutABarWhereNoneCanBe(String address, String size, String why) {
        boot.own.add(0x200000L);
        ByteBuffer net = function(0, 3, 0, 0x1af4, 0x1041);
        long at = Long.decode(address);
        net.putInt(20, (int) at | (at == 0xfffff000L ? 4 : 0));
        net.putInt(24, at == 0xfffff000L ? -1 : 0);
        net.putInt(32, 0xfe000000);
        boot.bars.put(3 << 3, new long[] {0, Long.decode(size), 0, 0, 16384, 0});
        PciFunction found = scan().getFirst();
        assertNull(found.bars().get(1), why);
        assertNotNull(found.bars().get(4));
    }

    @Test
    void portsThatReadAsNoneAreNoBar() {
        ByteBuffer net = function(0, 3, 0, 0x1af4, 0x1041);
        net.putInt(16, 0xc001);
        boot.bars.put(3 << 3, new long[] {0, 0, 0, 0, 0, 0});
        assertNull(scan().getFirst().bars().get(0));
    }

    @Test
    void namesTheDeviceWhosePortsAreTheBootLayers() {
        ByteBuffer net = function(0, 3, 0, 0x1af4, 0x1041);
        net.putInt(16, 0x21);
        boot.bars.put(3 << 3, new long[] {32, 0, 0, 0, 0, 0});
        Registers registers = Objects.requireNonNull(scan().getFirst().bars().get(0));
        DeviceException e = assertThrows(DeviceException.class, () -> registers.read16(0));
        assertEquals("pci:00:03.0, BAR 0: Port 0x20 is not to be used.", e.getMessage());
    }

    /** With many devices each has fewer messages, so that all can be used and loops get theirs. */
    @Test
    void sharesMessagesOutAmongManyDevices() {
        for (int device = 0; device < 30; device++) {
            function(0, device, 0, 0x1af4, 0x1041);
        }
        List<PciFunction> found = scan();
        assertEquals(30, found.size());
        found.forEach(one -> assertTrue(one.messages().size() >= 3, one.name()));
        assertEquals(DeviceInterrupts.MESSAGE_LIMIT, boot.openInterrupts());
    }

    @Test
    void moreDevicesThanMessagesAreFoundAllTheSame() {
        for (int device = 0; device < 32; device++) {
            for (int number = 0; number < 8; number++) {
                function(0, device, number, 0x1af4, 0x1041).put(14, (byte) 0x80);
            }
        }
        List<PciFunction> found = scan();
        assertEquals(256, found.size());
        assertEquals(1, found.getFirst().messages().size());
        assertEquals(0, found.getLast().messages().size());
    }

    /** Configuration space in memory, of a segment whose first bus is 4; the address that the table has is that of bus 0. */
    @ParameterizedTest
    @CsvSource({"0x1041, 4096", "0x1042, 256"})
    void believesEcamWhereItShowsTheSameFunction(String shown, int bytes) {
        ByteBuffer bridge = function(0, 1, 0, 0x8086, 0x2448);
        bridge.put(14, (byte) 1);
        bridge.put(25, (byte) 4);
        function(4, 2, 0, 0x1af4, 0x1041);
        byte[] mapped = new byte[256];
        ByteBuffer.wrap(mapped).order(ByteOrder.LITTLE_ENDIAN).putInt(0, Integer.decode(shown) << 16 | 0x1af4);
        boot.physical.put(0xb0000000L + (0x410L << 12), mapped);
        ByteBuffer mcfg = ByteBuffer.allocate(8 + 16).order(ByteOrder.LITTLE_ENDIAN);
        mcfg.putLong(8, 0xb0000000L).put(18, (byte) 4).put(19, (byte) 8);
        AcpiTables tables = AcpiTablesTest.tables(boot, AcpiTablesTest.table("MCFG", mcfg.array()));
        PciFunction found =
                PciBus.scan(boot, tables, new DeviceInterrupts(boot)).getFirst();
        assertEquals(bytes, found.configuration().sizeBytes());
    }

    @Test
    void anEcamThatCannotBeIsPassedOver() {
        function(0, 2, 0, 0x1af4, 0x1041);
        for (long base : new long[] {0, 1, -4096, 0xb0000001L, 1L << 60, 0x300000 - (2L << 15)}) {
            boot.own.add(0x300000L);
            ByteBuffer mcfg = ByteBuffer.allocate(8 + 16).order(ByteOrder.LITTLE_ENDIAN);
            mcfg.putLong(8, base).put(19, (byte) -1);
            AcpiTables tables = AcpiTablesTest.tables(boot, AcpiTablesTest.table("MCFG", mcfg.array()));
            DeviceInterrupts interrupts = new DeviceInterrupts(boot);
            assertEquals(
                    256,
                    PciBus.scan(boot, tables, interrupts)
                            .getFirst()
                            .configuration()
                            .sizeBytes());
            interrupts.close();
        }
    }

    @Test
    void closingThePlatformStopsAFunctionThatItsDriverLeftRunning() {
        ByteBuffer net = function(0, 3, 0, 0x1af4, 0x1041);
        KvmPlatform platform = new KvmPlatform(boot, "", java.io.OutputStream.nullOutputStream());
        assertEquals(1, platform.devices(VirtioSlot.class).size());
        net.putShort(4, (short) 7);
        platform.close();
        assertEquals(3, net.getShort(4));
        assertThrows(IllegalStateException.class, () -> platform.devices(VirtioSlot.class));
    }
}
