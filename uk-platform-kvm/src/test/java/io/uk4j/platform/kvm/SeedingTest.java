package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.config.Config;
import io.uk4j.core.config.Configs;
import io.uk4j.virtio.driver.VirtioKeys;
import io.uk4j.virtio.transport.VirtioSlot;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
@SuppressWarnings("try") // The model does its work without being called.
class SeedingTest {
    private static final long PAGE = 0x7ff0000L;
    private static final Config CONFIG = Configs.builder()
            .keys(new KvmKeys().keys())
            .keys(new VirtioKeys().keys())
            .build();

    private final ModelBoot boot = new ModelBoot();

    private void awaitAdded(long bytes) throws InterruptedException {
        while (boot.added() < bytes) {
            Thread.sleep(5);
        }
    }

    @Test
    void asksTheMachinesDeviceAtTheStart() throws Exception {
        try (ModelEntropyDevice device = new ModelEntropyDevice(boot);
                KvmPlatform platform =
                        new KvmPlatform(boot, ModelEntropyDevice.word(), OutputStream.nullOutputStream())) {
            platform.prepare(CONFIG);
            assertEquals(32, boot.added());
        }
        assertEquals(0, boot.openInterrupts());
    }

    @Test
    void asksItAgainAtAnInterval() throws Exception {
        try (ModelEntropyDevice device = new ModelEntropyDevice(boot);
                KvmPlatform platform =
                        new KvmPlatform(boot, ModelEntropyDevice.word(), OutputStream.nullOutputStream());
                Seeding seeding = seeding(platform, null, Duration.ofMillis(50))) {
            seeding.start();
            awaitAdded(4 * 32);
        }
    }

    private Seeding seeding(
            KvmPlatform platform, @org.jspecify.annotations.Nullable GenerationId generation, Duration interval) {
        return new Seeding(
                boot,
                platform.pages(),
                platform.clock(),
                CONFIG,
                platform.devices(VirtioSlot.class),
                generation,
                interval);
    }

    @Test
    void doesNothingOnAMachineWithoutAny() {
        try (KvmPlatform platform = new KvmPlatform(boot, "", OutputStream.nullOutputStream())) {
            platform.prepare(CONFIG);
        }
        assertEquals(0, boot.added());
        assertTrue(Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("seeding")));
    }

    /** The table of QEMU 7.2, as far as it matters. */
    private AcpiTables tables(int page, String device) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        code.writeBytes(new byte[] {8, 'V', 'G', 'I', 'A', 0x0c});
        code.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(page)
                .array());
        code.writeBytes(("\u0010_SB_[VGEN\b_HID\r" + device).getBytes(StandardCharsets.ISO_8859_1));
        return AcpiTablesTest.tables(
                boot, AcpiTablesTest.table("SSDT", new byte[10]), AcpiTablesTest.table("SSDT", code.toByteArray()));
    }

    private Optional<GenerationId> find(int page, String device) {
        return GenerationId.find(tables(page, device), this::memory);
    }

    private MemorySegment memory(long at, long bytes) {
        long start = at & -4096;
        return boot.map(start, (at + bytes - start + 4095) & -4096, true).asSlice(at - start, bytes);
    }

    @Test
    void noticesThatTheMachineWasCopied() throws Exception {
        byte[] page = new byte[4096];
        page[40] = 1;
        page[55] = 2;
        boot.physical.put(PAGE, page);
        GenerationId generation = find((int) PAGE, "QEMUVGID").orElseThrow();
        byte[] expected = new byte[16];
        System.arraycopy(page, 40, expected, 0, 16);
        byte[] value = generation.value();
        java.util.Arrays.sort(value);
        java.util.Arrays.sort(expected);
        assertArrayEquals(expected, value);
        assertFalse(generation.hasChanged());
        try (KvmPlatform platform = new KvmPlatform(boot, "", OutputStream.nullOutputStream());
                Seeding seeding = seeding(platform, generation, Duration.ofMillis(20))) {
            seeding.start();
            assertEquals(16, boot.added());
            Objects.requireNonNull(boot.segments.get(PAGE)).set(ValueLayout.JAVA_BYTE, 47, (byte) 7);
            awaitAdded(32);
            Thread.sleep(100);
            assertEquals(32, boot.added(), "once for each change");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 0x300000})
    void anAddressThatCannotBeIsNone(int page) {
        boot.own.add(0x300000L);
        assertTrue(find(page, "QEMUVGID").isEmpty());
    }

    @Test
    void anotherTableIsNone() {
        assertTrue(find((int) PAGE, "PNP0C08").isEmpty());
        assertTrue(GenerationId.find(AcpiTables.read(0, this::memory), this::memory)
                .isEmpty());
    }
}
