package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevices;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.platform.unix.UnixPlatform;
import io.uk4j.testkit.Requirements;
import io.uk4j.testkit.TestPool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tools that everyone uses read what is written here, and the other way round. */
class GptToolsIT {
    @TempDir
    private Path folder;

    private Path image() throws IOException {
        Path image = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(64 << 20);
        }
        return image;
    }

    private static <T> T on(Path image, Function<Disk, T> use) {
        try (UnixPlatform platform = UnixPlatform.create()) {
            DeviceContext context =
                    new DeviceContext(platform, Configs.builder().build(), new MetricRegistry(), new TestPool(1, 2048));
            try (Disk disk = Disk.polled(platform, BlockDevices.open(context, "file:" + image))) {
                return use.apply(disk);
            }
        }
    }

    private String run(String... command) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), command[0] + " does not end");
        String text = Files.readString(output);
        assertEquals(0, process.exitValue(), text);
        return text;
    }

    @Test
    void sgdiskFindsNoProblemInWhatIsWrittenHere() throws IOException, InterruptedException {
        Requirements.commands("sgdisk");
        Path image = image();
        on(image, disk -> {
            Gpt.empty(UUID.fromString("01234567-89ab-cdef-0123-456789abcdef"))
                    .add(disk.info(), Gpt.EFI_SYSTEM, new UUID(1, 2), "boot", 8 << 20)
                    .add(disk.info(), Gpt.LINUX_DATA, new UUID(3, 4), "data", 0)
                    .write(disk);
            return true;
        });

        String verdict = run("sgdisk", "-v", image.toString());
        assertTrue(verdict.contains("No problems found"), verdict);
        String table = run("sgdisk", "-p", image.toString());
        assertTrue(table.contains("Disk identifier (GUID): 01234567-89AB-CDEF-0123-456789ABCDEF"), table);
        assertTrue(
                table.lines().anyMatch(line -> line.matches("\\s+1\\s+2048\\s+18431\\s+8\\.0 MiB\\s+EF00\\s+boot")),
                table);
        assertTrue(table.lines().anyMatch(line -> line.matches("\\s+2\\s+18432\\s+131038\\s.*8300\\s+data")), table);
    }

    @Test
    void readsWhatSfdiskWrote() throws IOException, InterruptedException {
        Requirements.commands("sfdisk");
        Path image = image();
        Path script = folder.resolve("script");
        Files.writeString(script, """
                label: gpt
                label-id: 89ABCDEF-0123-4567-89AB-CDEF01234567
                start=2048, size=4096, type=U, name="EFI"
                start=8192, size=10000, type=L, uuid=00112233-4455-6677-8899-AABBCCDDEEFF, name="root fs"
                """, StandardCharsets.UTF_8);
        run("sh", "-c", "sfdisk --no-reread --no-tell-kernel '" + image + "' < '" + script + "'");

        Gpt table = on(image, Gpt::read);
        assertEquals(UUID.fromString("89abcdef-0123-4567-89ab-cdef01234567"), table.diskId());
        List<Gpt.Entry> entries = table.entries();
        assertEquals(2, entries.size());
        assertEquals(Gpt.EFI_SYSTEM, entries.get(0).type());
        assertEquals(
                new Gpt.Entry(
                        2,
                        Gpt.LINUX_DATA,
                        UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"),
                        8192,
                        18_191,
                        0,
                        "root fs"),
                entries.get(1));
    }
}
