package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.uk4j.core.DeviceException;
import io.uk4j.core.block.BlockDevices;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.config.Configs;
import io.uk4j.core.net.NetDevices;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
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

    private static Config config(String declared, String... more) {
        List<String> words = new ArrayList<>(List.of(more));
        words.add("uk.kvm.devices=" + declared);
        return Configs.builder()
                .keys(List.of(NetDevices.DEVICE, BlockDevices.DEVICE))
                .keys(new KvmKeys().keys())
                .keys(new io.uk4j.virtio.driver.VirtioKeys().keys())
                .commandLine(words)
                .build();
    }

    private void prepare(String declared, String... more) {
        KvmPlatform platform = new KvmPlatform(boot, "", OutputStream.nullOutputStream());
        try {
            platform.prepare(config(declared, more));
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
                Try: a machine with these devices alone, or another value of uk.kvm.devices""".formatted(what), e.getMessage());
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

    /** Also where the application would open it late, or never. */
    @ParameterizedTest
    @CsvSource({
        "uk.net.device, virtio:0, the machine has no virtio net device",
        "uk.block.device, virtio:1, the machine has only 1 virtio blk device"
    })
    void namesADeviceThatAKeyAsksForAndThatIsMissing(String key, String spec, String what) {
        device(3, 2);
        DeviceException e = assertThrows(DeviceException.class, () -> prepare("any", key + '=' + spec));
        assertEquals(
                key + " (command line), " + spec + ": " + what + ".\nFound: pci:00:03.0 (type 2).",
                String.valueOf(e.getMessage()).split("\nTry", 2)[0]);
        assertEquals(0, boot.openInterrupts());
    }

    @Test
    void aDeviceThatAKeyAsksForAndThatIsThereIsTaken() {
        device(3, 2);
        device(4, 1);
        prepare("block,net", "uk.net.device=virtio:0", "uk.block.device=virtio:0");
        prepare("any", "uk.net.device=tap:uk0");
        assertThrows(ConfigException.class, () -> prepare("any", "uk.net.device=virtio:eth0"));
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
        assertEquals(0, boot.added());
    }
}
