package io.uk4j.virtio.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceException;
import io.uk4j.virtio.QueueLink;
import io.uk4j.virtio.Registers;
import io.uk4j.virtio.VirtioException;
import io.uk4j.virtio.VirtioTransport;
import io.uk4j.virtio.transport.MessageInterrupt;
import io.uk4j.virtio.transport.PciFunction;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is PCI's own: capabilities, BARs, doorbells, messages and bus mastering. */
class PciTransportTest extends HostileBus {
    private static final int BUS_MASTER = 4;
    private static final int INTX_DISABLE = 1 << 10;

    private final PciModel model = new PciModel(device, TYPE, 3);

    private VirtioTransport open() {
        return model.open(TYPE, platform.clock());
    }

    private void assertRefused(String... words) {
        assertViolates(() -> open().reset(), words);
        assertEquals(0, device.resets, "the device was touched");
    }

    @Test
    void aListOfCapabilitiesThatLoopsEnds() {
        model.space.put(PciModel.LAST_AT + 1, (byte) PciModel.MSIX_AT);
        assertRefused("list of capabilities that loops");
        model.space.put(PciModel.MSIX_AT + 1, (byte) PciModel.MSIX_AT);
        assertRefused("list of capabilities that loops");
    }

    @Test
    void capabilitiesOutsideOfTheConfigurationSpaceAreRefused() {
        model.space.put(PciModel.LAST_AT + 1, (byte) 0x20);
        assertRefused("capability at 0x20", "within the header");
        model.space.put(PciModel.LAST_AT + 1, (byte) 0xf8);
        model.space.put(0xf8, (byte) 9);
        assertRefused("capability at 0xf8 that leaves the configuration space");
        model.space.put(0xf8, (byte) 0x11);
        model.space.put(PciModel.LAST_AT, (byte) 0x01).put(0x34, (byte) 0xf8);
        assertRefused("MSI-X capability at 0xf8 that leaves the configuration space");
    }

    @Test
    void structuresThatDoNotLieInTheirBarAreRefused() {
        model.space.putInt(PciModel.COMMON_AT + 8, 0x4000 - 52);
        assertRefused("common configuration", "of BAR 4, which has 16384 bytes", "takes 56");
        model.space.putInt(PciModel.COMMON_AT + 8, -4);
        assertRefused("common configuration", "at 4294967292 of BAR 4");
        model.space.putInt(PciModel.COMMON_AT + 8, 0).putInt(PciModel.COMMON_AT + 12, 40);
        assertRefused("common configuration in 40 bytes");
        model.space.putInt(PciModel.COMMON_AT + 12, 56).putInt(PciModel.NOTIFY_AT + 12, 1);
        assertRefused("doorbells in 1 bytes");
        model.space.putInt(PciModel.NOTIFY_AT + 12, 0x1000).putInt(PciModel.COMMON_AT + 8, 2);
        assertRefused("not a multiple of 4");
        model.space.putInt(PciModel.COMMON_AT + 8, 0).putInt(PciModel.ISR_AT + 8, 20);
        assertRefused("interrupt status within the common configuration");
    }

    @Test
    void capabilitiesThatAreTooShortAreRefused() {
        model.space.put(PciModel.NOTIFY_AT + 2, (byte) 16);
        assertRefused("doorbells of less than 20 bytes");
    }

    @Test
    void lengthsBeyondWhatIsOfUseAreTaken() {
        model.space.putInt(PciModel.COMMON_AT + 12, -1).putInt(PciModel.NOTIFY_AT + 12, -1);
        startUp(open());
        assertTrue(device.started);
    }

    @Test
    void reservedKindsAndBarsArePassedOver() {
        // The first capability for the common configuration names a BAR that cannot be.
        model.space.put(PciModel.PCI_CFG_AT + 3, (byte) 1);
        model.space.put(PciModel.PCI_CFG_AT + 4, (byte) 4).putInt(PciModel.PCI_CFG_AT + 12, 56);
        model.space.put(PciModel.COMMON_AT + 4, (byte) 6);
        startUp(open());
        assertTrue(device.started);
        model.space.put(PciModel.PCI_CFG_AT + 3, (byte) 77);
        assertUseless(() -> open().reset(), "no capability for the common configuration");
    }

    @Test
    void structuresInBarsThatAreNotMappedAreSaidToBeThere() {
        model.bars[4] = null;
        assertUseless(
                () -> open().reset(),
                "no capability for the common configuration",
                "lies in BAR 4, which is not mapped");
    }

    @Test
    void legacyDevicesAndStrangersAreNamed() {
        model.space.putShort(0x06, (short) 0);
        model.space.putShort(0x02, (short) 0x1001).putShort(0x2e, (short) TYPE);
        assertEquals(TYPE, model.slot().deviceType());
        assertUseless(() -> open().reset(), "legacy virtio device", "disable-legacy=on");
        model.space.putShort(0x00, (short) 0x8086);
        assertEquals(0, model.slot().deviceType());
        assertUseless(() -> open().reset(), "(8086:1001)", "no virtio device");
    }

    @Test
    void transitionalDevicesAreUsedByTheirModernInterface() {
        model.space.putShort(0x02, (short) 0x1001).putShort(0x2e, (short) TYPE);
        startUp(open());
        assertTrue(device.started);
    }

    @Test
    void doorbellsOutsideOfTheirStructureAreRefused() {
        VirtioTransport transport = open();
        model.notifyOffset = 0xffff;
        assertViolates(() -> startUp(transport), "doorbell of queue 0 at 65535 times 4");
        model.space.putInt(PciModel.NOTIFY_AT + 16, -1);
        assertViolates(() -> startUp(transport), "doorbell of queue 0 at 65535 times 4294967295");
        model.space.putInt(PciModel.NOTIFY_AT + 16, 1);
        model.notifyOffset = 1;
        assertViolates(() -> startUp(transport), "at a multiple of 2");
        model.space.putInt(PciModel.NOTIFY_AT + 8, 0).putInt(PciModel.NOTIFY_AT + 16, 2);
        model.notifyOffset = 10;
        assertViolates(() -> startUp(transport), "doorbell of queue 0 within the common configuration");
    }

    @Test
    void sizesOfQueuesThatAreNoPowerOfTwoAreAFault() {
        VirtioTransport transport = open();
        transport.reset();
        transport.offeredFeatures();
        model.queueSize = 100;
        assertViolates(() -> transport.queueLimit(0), "100 entries, which is not a power of two");
    }

    @Test
    void theDeviceIsTheBussMasterOnlyBetweenResetAndClose() {
        VirtioTransport transport = open();
        assertEquals(0, model.command() & BUS_MASTER);
        model.neverLeavesReset = true;
        model.status = 15;
        assertThrows(VirtioException.class, transport::reset);
        assertEquals(0, model.command() & BUS_MASTER);
        model.neverLeavesReset = false;
        transport.reset();
        assertEquals(BUS_MASTER | INTX_DISABLE, model.command() & (BUS_MASTER | INTX_DISABLE));
        // What does not stop is kept from memory.
        startUp(transport);
        model.neverLeavesReset = true;
        transport.close();
        assertEquals(0, model.command() & BUS_MASTER);
    }

    /** What it had from its driver may be somebody else's after closing. */
    @Test
    void aDeviceThatCannotBeFoundAnyMoreIsKeptFromMemoryWhenItIsClosed() {
        VirtioTransport transport = open();
        startUp(transport);
        model.space.put(PciModel.LAST_AT + 1, (byte) PciModel.MSIX_AT);
        assertViolates(transport::reset, "list of capabilities that loops");
        transport.close();
        assertEquals(0, model.command() & BUS_MASTER);
    }

    @Test
    void eachQueueHasAVectorOfItsOwnWhereThereAreEnough() {
        VirtioTransport transport = open();
        transport.reset();
        transport.accept(FEATURES);
        QueueLink first = transport.connect(0, areas());
        QueueLink second = transport.connect(1, areas());
        assertNotEquals(first.source(), second.source());
        assertNotEquals(transport.source(), first.source());
        assertEquals(
                "pci, interrupts by messages: vector 0 for the configuration, 1 for queue 0, 2 for queue 1",
                transport.describe());
    }

    @Test
    void aVectorThatIsRefusedForAQueueIsReplacedByThatOfTheConfiguration() {
        model.refusedVectors.add(1);
        VirtioTransport transport = open();
        startUp(transport);
        assertTrue(
                transport.describe().endsWith("vector 0 for the configuration, 0 for queue 0"), transport.describe());
        assertEquals(0, model.queues[0].vector);
    }

    @Test
    void aDeviceThatRefusesAllMessagesIsUsedByItsLine() {
        model.refusedVectors.add(0);
        VirtioTransport transport = open();
        startUp(transport);
        assertEquals("pci, interrupts by its line: the device refuses messages", transport.describe());
        assertEquals(BUS_MASTER, model.command() & (BUS_MASTER | INTX_DISABLE));
        model.line = null;
        assertUseless(() -> open().reset(), "has no interrupt: the device refuses messages");
    }

    @Test
    void messagesThatCannotBeLeaveTheLineAndItIsSaidWhy() {
        model.bars[1] = null;
        VirtioTransport transport = open();
        transport.reset();
        assertTrue(transport.describe().endsWith("the device's table of messages is not mapped"), transport.describe());
        model.space.put(PciModel.MSIX_AT, (byte) 1);
        VirtioTransport without = open();
        without.reset();
        assertTrue(without.describe().endsWith("the device has no messages"), without.describe());
    }

    @Test
    void aTableOfMessagesThatLeavesItsBarIsRefused() {
        model.space.putInt(PciModel.MSIX_AT + 4, 1 | 8);
        assertRefused("MSI-X table of 3 entries at 8 of BAR 1, which has 48 bytes");
        model.space.putInt(PciModel.MSIX_AT + 4, 1).putShort(PciModel.MSIX_AT + 2, (short) 0x7ff);
        assertRefused("MSI-X table of 2048 entries");
    }

    @Test
    void aDeviceThatComesBackMustTakeTheSameVectors() {
        VirtioTransport transport = open();
        startUp(transport);
        model.refusedVectors.add(1);
        assertViolates(() -> startUp(transport), "refuses vector 1 for queue 0, which it took before");
        model.refusedVectors.add(0);
        assertViolates(transport::reset, "took messages before");
    }

    @Test
    void whateverStandsInTheConfigurationSpaceItEndsInATypedError() {
        byte[] good = model.space.array().clone();
        model.forgiving = true;
        int started = 0;
        for (int round = 0; round < 3000; round++) {
            long seed = 4_100L + round;
            Random random = new Random(seed);
            System.arraycopy(good, 0, model.space.array(), 0, good.length);
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                model.space.put(0x34 + random.nextInt(0x90), (byte) random.nextInt());
            }
            VirtioTransport transport = open();
            try {
                startUp(transport);
                started++;
            } catch (VirtioException | DeviceException e) {
                assertTrue(e.getMessage().startsWith("pci:00:03.0 "), e.getMessage());
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            } finally {
                transport.close();
            }
        }
        assertTrue(started > 100, started + " started");
    }

    @Test
    void whatCannotBeAFunctionIsAMistake() {
        Registers space = model.slot() instanceof PciFunction function ? function.configuration() : null;
        assertThrows(
                IllegalArgumentException.class,
                () -> new PciFunction("pci", space, Arrays.asList(new Registers[7]), List.of(), null));
        assertThrows(
                IllegalArgumentException.class, () -> new MessageInterrupt(new ModelInterrupt(false), 0xfee0_0001L, 0));
    }
}
