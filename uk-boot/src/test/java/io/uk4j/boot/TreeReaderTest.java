package io.uk4j.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeReaderTest {
    private static final int PAGE = 4096;
    private static final int HEADER_BYTES = 72;
    private static final int DATA = 4 * PAGE;

    @TempDir
    Path directory;

    private byte[] tree = {};

    /** A tree of three pages of data: two of {@code /a/b}, one of {@code /c}. */
    @BeforeEach
    void writeTree() {
        byte[] content = new byte[PAGE + 10];
        Arrays.fill(content, (byte) 7);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new TreeWriter()
                .directory("/", 0755, 0)
                .directory("/a", 0755, 0)
                .file("/a/b", 0644, 0, content)
                .file("/c", 0644, 0, new byte[] {1})
                .writeTo(Channels.newChannel(bytes));
        tree = bytes.toByteArray();
        assertEquals(7 * PAGE, tree.length);
    }

    @Test
    void findsEachFlippedBitOfHeaderAndIndex() throws IOException {
        Path file = directory.resolve("tree");
        for (int bit = 0; bit < DATA * 8; bit += bit / 8 < HEADER_BYTES ? 1 : 97) {
            if (bit / 8 >= HEADER_BYTES && bit / 8 < PAGE) {
                continue; // what follows the header in its page means nothing
            }
            tree[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, tree);
            assertThrows(TreeException.class, () -> TreeReader.open(file), "bit " + bit);
            tree[bit / 8] ^= (byte) (1 << bit % 8);
        }
    }

    @Test
    void findsEachFlippedBitOfTheDataAndNamesTheFile() throws IOException {
        for (int at = DATA; at < tree.length; at += 61) {
            tree[at] ^= 0x10;
            try (TreeReader reader = open()) {
                String message =
                        assertThrows(TreeException.class, reader::verify).getMessage();
                String wanted = at < DATA + 2 * PAGE
                        ? "/a/b: the page at byte " + (at - DATA) / PAGE * PAGE + " is damaged."
                        : "/c: the page at byte 0 is damaged.";
                assertEquals(wanted, message);
            }
            tree[at] ^= 0x10;
        }
    }

    @Test
    void readsSoundFilesBesideADamagedOne() throws IOException {
        tree[DATA] ^= 1;
        try (TreeReader reader = open()) {
            assertEquals(1, reader.read("/c").length);
            assertThrows(TreeException.class, () -> reader.read("/a/b"));
        }
    }

    @Test
    void refusesATreeThatIsCutShort() throws IOException {
        for (int bytes : new int[] {0, 1, HEADER_BYTES, PAGE - 1, PAGE, DATA, tree.length - PAGE, tree.length - 1}) {
            Path file = Files.write(directory.resolve("tree"), Arrays.copyOf(tree, bytes));
            assertThrows(TreeException.class, () -> TreeReader.open(file), bytes + " bytes");
        }
    }

    @Test
    void doesNotMindWhatFollowsTheTree() throws IOException {
        tree = Arrays.copyOf(tree, tree.length + 100);
        try (TreeReader reader = open()) {
            reader.verify();
            assertEquals(7 * PAGE, reader.bytes());
        }
    }

    @Test
    void refusesWhatIsNoTree() throws IOException {
        tree[0] ^= 1;
        assertRefused("header: this is no file tree.");
        tree[0] ^= 1;
        tree[8] = 2;
        assertRefused("header: it has version 2, and only 1 is known.");
    }

    @Test
    void refusesAnIndexThatIsWrongThoughItsChecksumsAreRight() throws IOException {
        assertEntryRefused(2, 31, (byte) 0x20, "index: entry 2 is neither file nor directory.");
        assertEntryRefused(1, 28, (byte) 1, "index: entry 1 is not in order.");
        assertEntryRefused(2, 28, (byte) 3, "The path \"/a/\" has an empty part");
        assertEntryRefused(3, 27, (byte) 1, "index: entry 3 has its path outside of the names.");
        assertEntryRefused(1, 31, (byte) 0x81, "index: entry 2 is in no directory of the tree.");
        assertEntryRefused(1, 8, (byte) 1, "a size of 1 cannot be.");
        littleEndian().putLong(PAGE + 2 * 32, 7 * PAGE);
        assertTrue(seal());
        assertRefused("index: entry 2 has data outside of the tree.");
    }

    /** Whatever byte is changed, it is refused, or all of the tree can be read. */
    @Test
    void whatIsNotRefusedCanBeRead() throws IOException {
        byte[] original = tree.clone();
        int refused = 0;
        for (int at = 0; at < PAGE + 4 * 32; at += at == HEADER_BYTES ? PAGE - HEADER_BYTES : 1) {
            for (int mask : new int[] {1, 0x80, 0xff}) {
                tree = original.clone();
                tree[at] ^= (byte) mask;
                if (seal()) {
                    refused += readsAll() ? 0 : 1;
                }
            }
        }
        assertTrue(refused > 100, refused + " were refused");
    }

    @Test
    void readingWhatIsNotThereIsMisuse() throws IOException {
        try (TreeReader reader = open()) {
            assertThrows(IllegalArgumentException.class, () -> reader.read("/none"));
            assertThrows(IllegalArgumentException.class, () -> reader.read("/a"));
        }
        assertThrows(UncheckedIOException.class, () -> TreeReader.open(directory.resolve("none")));
    }

    @Test
    void saysThatAFileIsNotFilledUpWithZeros() throws IOException {
        tree[tree.length - 1] = 1;
        CRC32C crc = new CRC32C();
        crc.update(tree, 6 * PAGE, PAGE);
        littleEndian().putInt(3 * PAGE + 8, (int) crc.getValue());
        assertTrue(seal());
        try (TreeReader reader = open()) {
            assertEquals(
                    "/c: its last page is not filled up with zeros.",
                    assertThrows(TreeException.class, reader::verify).getMessage());
        }
    }

    private TreeReader open() throws IOException {
        return TreeReader.open(Files.write(directory.resolve("tree"), tree));
    }

    private boolean readsAll() throws IOException {
        try (TreeReader reader = open()) {
            for (TreeEntry entry : reader.entries()) {
                if (!entry.directory()) {
                    try {
                        assertEquals(entry.size(), reader.read(entry.path()).length);
                    } catch (TreeException e) {
                        assertFalse(String.valueOf(e.getMessage()).isEmpty());
                    }
                }
            }
            return true;
        } catch (TreeException e) {
            return false;
        }
    }

    private void assertRefused(String message) throws IOException {
        TreeException refused = assertThrows(TreeException.class, this::open);
        assertTrue(String.valueOf(refused.getMessage()).contains(message), refused.getMessage());
    }

    /** Sets one byte of an entry, for this once. */
    private void assertEntryRefused(int entry, int offset, byte value, String message) throws IOException {
        byte[] original = tree.clone();
        tree[PAGE + 32 * entry + offset] = value;
        assertTrue(seal());
        assertRefused(message);
        tree = original;
    }

    private ByteBuffer littleEndian() {
        return ByteBuffer.wrap(tree).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Makes the checksums of header and index right; false if the header says nonsense about the index. */
    private boolean seal() {
        ByteBuffer bytes = littleEndian();
        long from = bytes.getLong(16);
        long to = bytes.getLong(48);
        if (from < 0 || to < from || to > tree.length) {
            return false;
        }
        CRC32C index = new CRC32C();
        index.update(tree, (int) from, (int) (to - from));
        bytes.putInt(64, (int) index.getValue());
        CRC32C header = new CRC32C();
        header.update(tree, 0, 68);
        bytes.putInt(68, (int) header.getValue());
        return true;
    }
}
