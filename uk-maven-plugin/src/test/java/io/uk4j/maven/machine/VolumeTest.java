package io.uk4j.maven.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.uk4j.maven.problem.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeTest {
    @TempDir
    Path folder;

    @Test
    void makesAFileOfTheSizeOnce() throws Exception {
        assertEquals(new Volume(folder.resolve("a/b.img"), false), Volume.open("a/b.img:1M", folder));
        assertEquals(1 << 20, Files.size(folder.resolve("a/b.img")));
        assertEquals(new Volume(folder.resolve("a/b.img"), true), Volume.open("a/b.img:2M:ro", folder));
        assertEquals(1 << 20, Files.size(folder.resolve("a/b.img")));
    }

    @Test
    void takesAbsolutePaths() throws Exception {
        Path file = Files.write(folder.resolve("c"), new byte[512]);
        assertEquals(new Volume(file, false), Volume.open(file.toString(), Path.of("/nowhere")));
    }

    @Test
    void refusesWhatIsNoDisk() throws Exception {
        assertThrows(Problem.class, () -> Volume.open("missing.img", folder));
        assertThrows(Problem.class, () -> Volume.open("with,comma:1M", folder));
        assertThrows(Problem.class, () -> Volume.open("", folder));
        Files.write(folder.resolve("odd"), new byte[513]);
        assertThrows(Problem.class, () -> Volume.open("odd", folder));
        Files.write(folder.resolve("empty"), new byte[0]);
        assertThrows(Problem.class, () -> Volume.open("empty", folder));
    }
}
