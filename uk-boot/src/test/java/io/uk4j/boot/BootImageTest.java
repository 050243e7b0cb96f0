package io.uk4j.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
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
        ByteBuffer elf =
                ByteBuffer.wrap(new BootElf(boot).place(0x40000, 0x3000)).order(ByteOrder.LITTLE_ENDIAN);
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
    void whatWentIntoAnImageComesOutOfIt(@TempDir Path folder) throws Exception {
        Path image = folder.resolve("hello");
        BootImage.writeHello(image);
        assertArrayEquals(boot, BootImage.bootLayerOf(image));
        try (TreeReader tree = BootImage.openTree(image)) {
            tree.verify();
            assertEquals("/hello\n", new String(tree.read("/uk/arguments"), StandardCharsets.UTF_8));
        }
        Path alone = Files.write(folder.resolve("alone"), boot);
        assertArrayEquals(boot, BootImage.bootLayerOf(alone));
        assertThrows(IllegalArgumentException.class, () -> BootImage.openTree(alone));
        Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(Files.readAllBytes(image), boot.length));
        assertThrows(TreeException.class, () -> BootImage.openTree(cut));
    }

    @Test
    void refusesWhatIsNoBootLayer() {
        assertThrows(IllegalArgumentException.class, () -> new BootElf(new byte[0]).place(0, 0));
        assertThrows(IllegalArgumentException.class, () -> new BootElf(new byte[4096]).place(0, 0));
        byte[] once = new BootElf(boot).place(0x40000, 0x3000);
        String message = assertThrows(IllegalArgumentException.class, () -> new BootElf(once).place(0x50000, 0x3000))
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
                BootElf elf = new BootElf(damaged);
                if (random.nextBoolean()) {
                    elf.place(0x40000, 0x3000);
                } else {
                    elf.withoutTree();
                }
            } catch (IllegalArgumentException _) {
                // Refused.
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", round " + round, e);
            }
        }
    }
}
