package io.uk4j.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BootImageTest {
    private final byte[] boot = BootImage.bootLayer();

    @Test
    void theTreeBecomesASegment() {
        ByteBuffer elf = ByteBuffer.wrap(BootImage.place(boot, 0x40000, 0x3000)).order(ByteOrder.LITTLE_ENDIAN);
        int last = (int) elf.getLong(32) + 56 * (elf.getShort(56) - 1);
        assertEquals(1, elf.getInt(last), "PT_LOAD");
        assertEquals(0x40000, elf.getLong(last + 8));
        assertEquals(0x1000000, elf.getLong(last + 24));
        assertEquals(0x3000, elf.getLong(last + 32));
        long changed = 0;
        for (int i = 0; i < boot.length; i++) {
            changed += boot[i] != elf.get(i) ? 1 : 0;
        }
        assertTrue(changed < 56 + 16, changed + " bytes differ");
    }

    @Test
    void theSameTreeGivesTheSameImage(@TempDir Path folder) throws Exception {
        byte[] bytes = new byte[8192];
        new Random(1).nextBytes(bytes);
        Path tree = Files.write(folder.resolve("tree"), bytes);
        BootImage.write(tree, folder.resolve("a"));
        BootImage.write(tree, folder.resolve("b"));
        byte[] image = Files.readAllBytes(folder.resolve("a"));
        assertArrayEquals(image, Files.readAllBytes(folder.resolve("b")));
        assertArrayEquals(bytes, Arrays.copyOfRange(image, image.length - bytes.length, image.length));
        assertEquals(0, image.length % 4096);
    }

    @Test
    void refusesWhatIsNoBootLayer() {
        assertThrows(IllegalArgumentException.class, () -> BootImage.place(new byte[0], 0, 0));
        assertThrows(IllegalArgumentException.class, () -> BootImage.place(new byte[4096], 0, 0));
        byte[] once = BootImage.place(boot, 0x40000, 0x3000);
        String message = assertThrows(IllegalArgumentException.class, () -> BootImage.place(once, 0x50000, 0x3000))
                .getMessage();
        assertEquals("The boot layer has no room for a tree.", message);
    }

    /** Whatever is wrong with the file, it is refused or taken, and nothing else. */
    @Test
    void damageIsRefusedOrHarmless() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 5_000; round++) {
            byte[] damaged = Arrays.copyOf(boot, random.nextInt(8) == 0 ? random.nextInt(boot.length) : boot.length);
            for (int i = 0; i < 3 && damaged.length > 0; i++) {
                damaged[random.nextInt(Math.min(damaged.length, 400))] = (byte) random.nextInt();
            }
            try {
                BootImage.place(damaged, 0x40000, 0x3000);
            } catch (IllegalArgumentException _) {
                // Refused.
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", round " + round, e);
            }
        }
    }
}
