package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.config.ConfigException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MmioWordsTest {
    @Test
    void findsWhatMonitorsWrite() {
        assertEquals(
                List.of(
                        new MmioWords.Window(0xd0000000L, 4096, 5),
                        new MmioWords.Window(0xfeb00e00L, 512, 12),
                        new MmioWords.Window(4096, 1024, 3)),
                MmioWords.parse("console=ttyS0  virtio_mmio.device=4K@0xd0000000:5 uk.net.device=virtio:0"
                        + " virtio_mmio.device=512@0xfeb00e00:12:7 virtio_mmio.device=0x400@04096:3"));
        assertEquals(List.of(), MmioWords.parse(""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "4K",
                "4K@",
                "4K@0xd0000000",
                "4K@0xd0000000:",
                "4K@0xd0000000:x",
                "@0xd0000000:5",
                "1@4096:5",
                "8G@4096:5",
                "4K@0:5",
                "4K@4097:5",
                "4K@4100:5",
                "18014398509481985K@4096:5",
                "4K@0xffffffffffffffff:5",
                "4K@0x7ffffffffffffffc:5",
                "-4K@4096:5",
                "4K@4096:12345"
            })
    void namesAWordThatIsWrong(String value) {
        ConfigException e = assertThrows(ConfigException.class, () -> MmioWords.parse("a virtio_mmio.device=" + value));
        assertTrue(e.getMessage().contains("virtio_mmio.device=" + value + " names no device"), e.getMessage());
    }
}
