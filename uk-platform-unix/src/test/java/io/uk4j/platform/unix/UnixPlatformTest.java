package io.uk4j.platform.unix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.OutOfMemoryException;
import io.uk4j.core.PageSource;
import io.uk4j.core.Pages;
import io.uk4j.core.Platform;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.metrics.MetricRegistry;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnixPlatformTest {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pagesAreAlignedZeroedAndReleasedOnce(boolean portable) {
        try (Platform platform = platform(portable)) {
            PageSource source = platform.pages();
            int page = source.pageBytes();
            Pages pages = source.allocate(page + 1, 1 << 21);
            assertEquals(2L * page, pages.segment().byteSize());
            assertEquals(0, pages.deviceAddress() % (1 << 21));
            assertEquals(pages.segment().address(), pages.deviceAddress());
            assertEquals(-1, pages.segment().mismatch(MemorySegment.ofArray(new byte[2 * page])));
            pages.segment().fill((byte) 1);
            source.release(pages);
            assertThrows(IllegalStateException.class, () -> pages.segment().get(ValueLayout.JAVA_BYTE, 0));
            assertThrows(IllegalArgumentException.class, () -> source.release(pages));
            assertThrows(IllegalArgumentException.class, () -> source.allocate(0, page));
            assertThrows(IllegalArgumentException.class, () -> source.allocate(page, 3));
            assertThrows(OutOfMemoryException.class, () -> source.allocate(1L << 60, page));
            assertThrows(OutOfMemoryException.class, () -> source.allocate(page, 1L << 62));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void entropyFillsAnyMemory(boolean portable) {
        try (Platform platform = platform(portable);
                Arena arena = Arena.ofConfined()) {
            for (int bytes : new int[] {0, 1, 7, 4096, 10_000}) {
                byte[] heap = new byte[bytes];
                platform.entropy().fill(MemorySegment.ofArray(heap));
                MemorySegment nativeMemory = arena.allocate(Math.max(bytes, 1)).asSlice(0, bytes);
                platform.entropy().fill(nativeMemory);
                if (bytes >= 4096) {
                    // 64 zero bytes at the end would be a matter of 2^-512.
                    assertNotEquals(-1, nativeMemory.asSlice(bytes - 64).mismatch(MemorySegment.ofArray(new byte[64])));
                    assertNotEquals(
                            -1,
                            MemorySegment.ofArray(heap)
                                    .asSlice(bytes - 64)
                                    .mismatch(MemorySegment.ofArray(new byte[64])));
                }
            }
            assertNotEquals(platform.entropy().nextLong(), platform.entropy().nextLong());
            MemorySegment readOnly = arena.allocate(8).asReadOnly();
            assertThrows(
                    IllegalArgumentException.class, () -> platform.entropy().fill(readOnly));
        }
    }

    @Test
    void writesToItsConsoleAsUtf8() {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        try (Platform platform =
                UnixPlatform.builder().portable(true).console(output).build()) {
            platform.console().write("grüße\n");
        }
        assertEquals("grüße\n", output.toString(StandardCharsets.UTF_8));
    }

    @Test
    void itsModeFollowsTheConfiguration() {
        UnixPlatformProvider provider = new UnixPlatformProvider();
        assertEquals("unix", provider.name());
        for (Map.Entry<String, Boolean> expected :
                Map.of("auto", false, "true", true, "false", false).entrySet()) {
            try (Platform platform = provider.create(Contexts.config("uk.unix.portable=" + expected.getKey()))) {
                assertEquals(expected.getValue(), ((UnixPlatform) platform).isPortable());
                assertEquals("unix", platform.name());
                assertTrue(platform.devices(Object.class).isEmpty());
            }
        }
    }

    @Test
    void knowsWhereItsLinuxModeRuns() {
        assertTrue(SystemType.isSupported("Linux", "amd64"));
        assertTrue(SystemType.isSupported("Linux", "aarch64"));
        assertFalse(SystemType.isSupported("Linux", "ppc64le"));
        assertFalse(SystemType.isSupported("Mac OS X", "aarch64"));
    }

    @Test
    void portableModeSaysThatATapNeedsLinux() {
        try (Platform platform = platform(true)) {
            DeviceContext context = Contexts.context(platform, new MetricRegistry());
            String message = assertThrows(DeviceException.class, () -> new TapProvider().open(context, "uk0"))
                    .getMessage();
            assertTrue(message.contains("need Linux"), message);
            for (String name : new String[] {"", "a/b", "sixteencharacter", "tap%d", ".."}) {
                assertThrows(ConfigException.class, () -> new TapProvider().open(context, name));
            }
        }
    }

    private static Platform platform(boolean portable) {
        return UnixPlatform.builder().portable(portable).build();
    }
}
