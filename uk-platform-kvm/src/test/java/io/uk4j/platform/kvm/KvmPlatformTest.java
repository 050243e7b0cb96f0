package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceException;
import io.uk4j.virtio.transport.VirtioSlot;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

class KvmPlatformTest {
    private final ModelBoot boot = new ModelBoot();

    private void mmio(long base) {
        byte[] registers = new byte[512];
        ByteBuffer.wrap(registers)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, 0x74726976)
                .putInt(4, 2)
                .putInt(8, 1);
        boot.physical.put(base, registers);
    }

    private List<String> names(String commandLine) {
        KvmPlatform platform = new KvmPlatform(boot, commandLine, OutputStream.nullOutputStream());
        try {
            return platform.devices(VirtioSlot.class).stream()
                    .map(VirtioSlot::name)
                    .toList();
        } finally {
            platform.close();
            platform.close();
            assertEquals(0, boot.openInterrupts());
        }
    }

    @Test
    void aDeviceThatIsNamedTwiceIsOneDevice() {
        mmio(0xfeb00e00L);
        assertEquals(
                List.of("mmio:0xfeb00e00"),
                names("virtio_mmio.device=512@0xfeb00e00:12 virtio_mmio.device=512@0xfeb00e00:12"));
    }

    @Test
    void namesTheDeviceWhoseLineIsAnothers() {
        mmio(0xfeb00e00L);
        mmio(0xfeb01000L);
        DeviceException e = assertThrows(
                DeviceException.class,
                () -> names("virtio_mmio.device=512@0xfeb00e00:12 virtio_mmio.device=512@0xfeb01000:12"));
        assertTrue(e.getMessage().startsWith("mmio:0xfeb01000: Interrupt line 12 cannot be opened.\n"), e.getMessage());
    }

    @Test
    void namesTheDeviceThatLiesInMemory() {
        boot.own.add(0x200000L);
        DeviceException e = assertThrows(DeviceException.class, () -> names("virtio_mmio.device=4K@0x200000:5"));
        assertTrue(e.getMessage().startsWith("mmio:0x200000, which the command line or ACPI names, "), e.getMessage());
    }

    @Test
    void startsTheMachineAnewAlsoWhenItIsClosed() {
        KvmPlatform platform = new KvmPlatform(boot, "", OutputStream.nullOutputStream());
        platform.close();
        assertTrue(platform.tryRestart());
        assertTrue(boot.rebooted);
    }
}
