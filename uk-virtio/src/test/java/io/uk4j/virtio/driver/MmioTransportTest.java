package io.uk4j.virtio.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.virtio.VirtioTransport;
import org.junit.jupiter.api.Test;

/** What is MMIO's own: who is at the place, and its line. */
class MmioTransportTest extends HostileBus {
    private final MmioModel model = new MmioModel(device, TYPE, true);

    private VirtioTransport open() {
        return model.open(TYPE, platform.clock());
    }

    @Test
    void whatIsNoDeviceOfThisStandardIsNamed() {
        model.magic = 0x1234_5678;
        assertEquals(0, model.slot().deviceType());
        assertUseless(() -> open().reset(), "magic value is 0x12345678", "0x74726976");
        model.magic = 0x7472_6976;
        model.version = 1;
        assertUseless(() -> open().reset(), "version 1, a legacy one", "force-legacy=false");
        model.version = 3;
        assertUseless(() -> open().reset(), "version 3");
        model.version = 2;
        model.sizeBytes = 0x80;
        assertEquals(0, model.slot().deviceType());
        assertUseless(() -> open().reset(), "128 bytes of registers");
        assertEquals(0, device.resets);
    }

    @Test
    void aPlaceWithoutADeviceHasTypeZeroAndIsNotTouched() {
        MmioModel empty = new MmioModel(device, 0, true);
        assertEquals(0, empty.slot().deviceType());
        assertUseless(() -> empty.open(TYPE, platform.clock()).reset(), "type 0");
        assertEquals(0, device.resets);
    }

    @Test
    void aDeviceWithoutConfigurationHasNoFields() {
        model.sizeBytes = 0x100;
        VirtioTransport transport = open();
        transport.reset();
        assertViolates(() -> transport.config(0, 1), "0 bytes of configuration");
    }

    @Test
    void aQueueThatDoesNotBecomeReadyIsAFault() {
        model.neverReady = true;
        VirtioTransport transport = open();
        transport.reset();
        transport.accept(FEATURES);
        assertViolates(() -> transport.connect(0, areas()), "does not take queue 0", "reads as 0");
    }

    @Test
    void sizesThatAreNoPowerOfTwoAreAllowedHere() {
        VirtioTransport transport = open();
        transport.reset();
        model.queueSize = 100;
        assertEquals(100, transport.queueLimit(0));
    }

    @Test
    void saysHowItInterrupts() {
        VirtioTransport transport = open();
        assertEquals("mmio:0xfeb00e00", transport.name());
        assertTrue(transport.describe().contains("mmio, interrupt by a line"), transport.describe());
    }
}
