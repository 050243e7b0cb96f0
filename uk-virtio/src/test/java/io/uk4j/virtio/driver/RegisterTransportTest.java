package io.uk4j.virtio.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.virtio.Features;
import io.uk4j.virtio.VirtioTransport;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What both transports over registers make of their devices: the status protocol, and all that can go wrong with it. */
class RegisterTransportTest extends HostileBus {
    /** The buses that have registers. */
    enum Kind {
        MMIO,
        PCI_MESSAGES,
        PCI_LINE
    }

    private RegisterModel model(Kind kind) {
        return switch (kind) {
            case MMIO -> new MmioModel(device, TYPE, true);
            case PCI_MESSAGES -> new PciModel(device, TYPE, 3);
            case PCI_LINE -> new PciModel(device, TYPE, 0);
        };
    }

    private VirtioTransport open(RegisterModel model) {
        return model.open(TYPE, platform.clock());
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void tellsTheDeviceEachStepInItsOrder(Kind kind) {
        RegisterModel model = model(kind);
        assertEquals(TYPE, model.slot().deviceType());
        VirtioTransport transport = open(model);
        assertEquals(0, device.resets, "nothing is touched before the reset");
        transport.reset();
        assertEquals(3, model.status);
        assertEquals(FEATURES, transport.offeredFeatures());
        transport.accept(Features.VERSION_1);
        assertEquals(11, model.status);
        assertEquals(Features.VERSION_1, device.accepted);
        assertEquals(64, transport.queueLimit(0));
        assertEquals(0, transport.queueLimit(7));
        transport.connect(0, areas());
        transport.start();
        assertEquals(15, model.status);
        assertTrue(device.started);
        transport.close();
        assertEquals(0, model.status);
        assertFalse(device.started);
        int resets = device.resets;
        transport.close();
        assertEquals(resets, device.resets);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void readsFieldsOfEveryWidthAndWritesThem(Kind kind) {
        VirtioTransport transport = open(model(kind));
        transport.reset();
        device.config.putLong(8, 0xf1f2_f3f4_f5f6_f7f8L);
        assertEquals(0xf8, transport.config(8, 1));
        assertEquals(0xf7f8, transport.config(8, 2));
        assertEquals(0xf5f6_f7f8L, transport.config(8, 4));
        assertEquals(0xf1f2_f3f4_f5f6_f7f8L, transport.config(8, 8));
        device.config.putLong(8, -1);
        assertEquals(-1, transport.config(8, 8), "ones are a value like others");
        assertTrue(transport.tryWriteConfig(8, 4, 65));
        assertTrue(transport.tryWriteConfig(16, 8, 1L << 32));
        assertEquals(List.of("8:4:65", "16:4:0", "20:4:1"), device.written);
        assertFalse(transport.tryWriteConfig(64, 4, 65));
        assertViolates(() -> transport.config(62, 4), "64 bytes of configuration", "4 bytes at 62");
        assertViolates(() -> transport.config(-4, 4), "at -4");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aDeviceThatDoesNotLeaveResetIsNamedAfterTheTimeOut(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = open(model);
        startUp(transport);
        model.neverLeavesReset = true;
        int before = model.accesses;
        assertViolates(transport::reset, "does not leave reset", "100 ms", "0xf");
        assertTrue(model.accesses - before < 200, (model.accesses - before) + " accesses");
        transport.close();
        model.neverLeavesReset = false;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void featuresThatDoNotStickAreRefusedAndTheDeviceIsTold(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = open(model);
        device.offered |= Features.ACCESS_PLATFORM;
        device.refusesFeatures = true;
        transport.reset();
        transport.offeredFeatures();
        assertViolates(
                () -> transport.accept(Features.VERSION_1), "refuses the features 0x100000000", "access_platform");
        assertEquals(128, model.status & 128);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aConfigurationThatChangesForEverIsGivenUpAndOneThatChangesOnceIsReadAgain(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = open(model);
        transport.reset();
        model.changesForEver = true;
        int before = model.accesses;
        assertViolates(() -> transport.config(0, 8), "changes its configuration each of the 64 times");
        assertTrue(model.accesses - before < 300);
        model.changesForEver = false;
        assertEquals(0, transport.config(0, 8));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void sizesOfQueuesThatCannotBeAreNamed(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = open(model);
        transport.reset();
        transport.accept(transport.offeredFeatures());
        model.queueSize = 65_534;
        assertViolates(() -> transport.queueLimit(0), "65534 entries", "at most 32768");
        model.queueSize = 8;
        assertViolates(() -> transport.connect(0, areas()), "8 entries, where 16 are to be used");
        model.queueSize = 0;
        assertEquals(0, transport.queueLimit(0));
        assertViolates(() -> transport.connect(0, areas()), "0 entries");
        model.queueSize = 32_768;
        assertEquals(32_768, transport.queueLimit(0));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aQueueThatIsInUseAlreadyIsNotTouched(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = open(model);
        model.enabledAtReset = 1;
        transport.reset();
        transport.accept(transport.offeredFeatures());
        assertViolates(() -> transport.connect(1, areas()), "queue 1 enabled (1) before it is connected");
        assertEquals(0, model.queues[1].descriptors);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aDeviceThatIsNotThereIsSaidToBeSoAtEachStep(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = open(model);
        startUp(transport);
        device.absent = true;
        assertEquals(0, model.slot().deviceType());
        assertUseless(transport::reset, "is not there");
        assertUseless(() -> openAfresh(model).reset(), "is not there");
        device.absent = false;
        startUp(transport);
        device.absent = true;
        assertUseless(transport::offeredFeatures, "is not there");
        assertUseless(() -> transport.accept(FEATURES), "is not there");
        assertUseless(() -> transport.config(0, 8), "is not there");
        assertUseless(() -> transport.queueLimit(0), "is not there");
        assertUseless(() -> transport.connect(0, areas()), "is not there");
        assertUseless(() -> lookOften(transport), "is not there");
        transport.close();
    }

    private VirtioTransport openAfresh(RegisterModel model) {
        return model.open(TYPE, platform.clock());
    }

    /** Looks for events until the device is asked without having interrupted. */
    private static void lookOften(VirtioTransport transport) {
        for (int i = 0; i <= 64; i++) {
            transport.pollEvents();
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void anotherTypeOfDeviceIsRefused(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = model.open(1, platform.clock());
        assertUseless(transport::reset, "virtio device of type 2");
        assertEquals(0, device.resets);
        transport.close();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void eventsAreToldOnceAndCostNothingWithoutAnInterrupt(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = open(model);
        startUp(transport);
        assertEquals(0, transport.pollEvents());
        int before = model.accesses;
        assertEquals(0, transport.pollEvents());
        assertEquals(before, model.accesses, "no interrupt came, so that there is nothing to ask");
        device.raise(VirtioTransport.CONFIG_CHANGED);
        assertEquals(VirtioTransport.CONFIG_CHANGED, transport.pollEvents());
        assertEquals(0, transport.pollEvents());
        device.raise(VirtioTransport.NEEDS_RESET);
        assertEquals(VirtioTransport.NEEDS_RESET, transport.pollEvents() & VirtioTransport.NEEDS_RESET);
        startUp(transport);
        assertEquals(0, transport.pollEvents());
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aDeviceThatWasResetBehindTheDriversBackNeedsAReset(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = open(model);
        startUp(transport);
        model.status = 0;
        device.raise(VirtioTransport.CONFIG_CHANGED);
        assertEquals(VirtioTransport.NEEDS_RESET, transport.pollEvents() & VirtioTransport.NEEDS_RESET);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aStormOfInterruptsCostsABoundedNumberOfQuestionsForEachLook(Kind kind) {
        RegisterModel model = model(kind);
        VirtioTransport transport = open(model);
        startUp(transport);
        model.storms = true;
        for (int i = 0; i < 1000; i++) {
            device.raise(VirtioTransport.CONFIG_CHANGED);
            int before = model.accesses;
            transport.pollEvents();
            assertTrue(model.accesses - before <= 10, (model.accesses - before) + " accesses at " + i);
        }
        model.storms = false;
        startUp(transport);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aTimeOutOfNothingIsAMistake(Kind kind) {
        RegisterModel model = model(kind);
        assertThrows(IllegalArgumentException.class, () -> model.slot().open(TYPE, platform.clock(), 0));
    }
}
