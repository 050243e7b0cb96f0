package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.uk4j.core.DeviceException;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.config.Configs;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeclaredDevicesTest {
    private final ModelBoot boot = new ModelBoot();

    /** A virtio function of this type in a slot of bus 0. */
    private void device(int slot, int type) {
        byte[] bytes = new byte[256];
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(0, (short) 0x1af4)
                .putShort(2, (short) (0x1040 + type));
        boot.functions.put(slot << 3, bytes);
    }

    private static Config config(String declared) {
        return Configs.builder()
                .keys(new KvmKeys().keys())
                .keys(new io.uk4j.virtio.driver.VirtioKeys().keys())
                .commandLine(List.of("uk.kvm.devices=" + declared))
                .build();
    }

    private void prepare(String declared) {
        KvmPlatform platform = new KvmPlatform(boot, "", OutputStream.nullOutputStream());
        try {
            platform.prepare(config(declared));
        } finally {
            platform.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"any", "net,block,net", "block,net,net"})
    void takesAMachineAsDeclared(String declared) {
        device(3, 1);
        device(4, 2);
        device(5, 1);
        prepare(declared);
        assertEquals(0, boot.openInterrupts());
    }

    @Test
    void takesAMachineWithoutDevices() {
        prepare("none");
        prepare("any");
    }

    @ParameterizedTest
    @CsvSource({
        "none, 'pci:00:03.0 is a device that is not declared: net'",
        "net, 'pci:00:04.0 is a device that is not declared: type 9'",
        "'net,block', 'pci:00:04.0 is a device that is not declared: type 9'"
    })
    void namesADeviceThatIsNotDeclared(String declared, String what) {
        device(3, 1);
        device(4, 9);
        DeviceException e = assertThrows(DeviceException.class, () -> prepare(declared));
        assertEquals("""
                uk.kvm.devices (command line): %s.
                Found: pci:00:03.0 net, pci:00:04.0 type 9.
                Try: a machine with these devices alone, or uk.kvm.devices=any""".formatted(what), e.getMessage());
        assertEquals(0, boot.openInterrupts());
    }

    @Test
    void namesADeviceThatIsMissing() {
        device(3, 1);
        DeviceException e = assertThrows(DeviceException.class, () -> prepare("net,entropy"));
        assertEquals(
                "uk.kvm.devices (command line): the machine lacks a device that is declared: entropy.",
                String.valueOf(e.getMessage()).split("\n", 2)[0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "net,", "disk", "any,net", "none,net"})
    void refusesWhatIsNoType(String declared) {
        assertThrows(ConfigException.class, () -> config(declared));
    }

    /** What sits there is no sound device, so it adds nothing, and the platform does without. */
    @Test
    void anEntropyDeviceThatCannotBeUsedIsNoReasonToFail() {
        device(3, 4);
        prepare("entropy");
        assertEquals(0, boot.added);
    }
}
