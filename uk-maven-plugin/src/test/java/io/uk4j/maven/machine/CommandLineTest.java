package io.uk4j.maven.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineTest {
    private static MachineOptions options(String machine, boolean restarts) {
        return new MachineOptions(
                Path.of("a.img"),
                null,
                machine,
                "tcg",
                1,
                1L << 27,
                "none",
                List.of(),
                List.of(),
                null,
                0,
                List.of("uk.a=b"),
                restarts,
                List.of());
    }

    private static List<String> line(MachineOptions options) {
        return CommandLine.of(new Qemu(Path.of("/q"), "9.0"), options, null, "stdio");
    }

    @Test
    void aMachineThatMayRestartIsNotEndedByIt() {
        assertFalse(line(options("q35", true)).contains("-no-reboot"));
        assertTrue(line(options("q35", false)).contains("-no-reboot"));
    }

    @Test
    void theWordsOfTheBootCommandLineAreOneArgument() {
        List<String> line = line(options("q35", true));
        assertEquals("boot.exit_port=0xf4 uk.a=b", line.get(line.indexOf("-append") + 1));
    }

    /** As QEMU's isa-debug-exit ends it, or a signal. */
    @ParameterizedTest
    @CsvSource({"0, 0", "3, 1", "5, 2", "239, 119", "247, 123", "251, 125", "137, -1", "143, -1"})
    void theCodeOfTheApplianceIsInTheStatusOfQemu(int status, int code) {
        assertEquals(code, Machine.code(status));
    }

    @Test
    void microvmHasNoPowerButton() {
        assertFalse(options("microvm,acpi=on", true).hasPowerButton());
        assertTrue(options("q35", true).hasPowerButton());
    }
}
