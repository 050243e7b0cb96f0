package io.uk4j.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TreeWriterTest {
    private static final int PAGE = 4096;

    @TempDir
    Path directory;

    @Test
    void whatWasWrittenIsReadAgain() throws IOException {
        Random random = new Random(20261127);
        byte[] large = new byte[300_000];
        random.nextBytes(large);
        Path file = Files.write(directory.resolve("large"), large);
        TreeWriter writer = new TreeWriter()
                .file("/app/large", 0644, 1_700_000_000, file)
                .directory("/app/lib", 0700, -5)
                .file("/app-x", 0755, 3, new byte[] {1, 2, 3})
                .directory("/app", 0755, 7)
                .file("/app/Grüße", 0600, 8, new byte[0])
                .directory("/", 0755, 9);

        try (TreeReader reader = read(bytesOf(writer))) {
            reader.verify();
            List<TreeEntry> wanted = List.of(
                    new TreeEntry("/", true, 0755, 9, 0),
                    new TreeEntry("/app", true, 0755, 7, 0),
                    new TreeEntry("/app-x", false, 0755, 3, 3),
                    new TreeEntry("/app/Grüße", false, 0600, 8, 0),
                    new TreeEntry("/app/large", false, 0644, 1_700_000_000, 300_000),
                    new TreeEntry("/app/lib", true, 0700, -5, 0));
            assertEquals(wanted, reader.entries());
            assertArrayEquals(large, reader.read("/app/large"));
            assertArrayEquals(new byte[] {1, 2, 3}, reader.read("/app-x"));
            assertArrayEquals(new byte[0], reader.read("/app/Grüße"));
            ByteArrayOutputStream copy = new ByteArrayOutputStream();
            reader.copy("/app/large", Channels.newChannel(copy));
            assertArrayEquals(large, copy.toByteArray());
            assertEquals(Optional.of(wanted.get(1)), reader.find("/app"));
            assertEquals(Optional.empty(), reader.find("/none"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, PAGE - 1, PAGE, PAGE + 1, 64 * PAGE - 1, 64 * PAGE, 64 * PAGE + 1, 200 * PAGE})
    void filesOfEverySizeAroundAPageAndABufferAreWhole(int size) throws IOException {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        byte[] tree = bytesOf(root().file("/a", 0644, 0, content).file("/b", 0644, 0, new byte[] {42}));
        assertEquals(0, tree.length % PAGE);
        try (TreeReader reader = read(tree)) {
            reader.verify();
            assertEquals(tree.length, reader.bytes());
            assertArrayEquals(content, reader.read("/a"));
            assertArrayEquals(new byte[] {42}, reader.read("/b"));
        }
    }

    /** The bytes are those that the boot layer reads: its own tests make the same by C. */
    @Test
    void theBytesOfASmallTreeAreThese() {
        byte[] tree = bytesOf(new TreeWriter()
                .directory("/", 0755, 1)
                .directory("/a", 0755, 2)
                .file("/a-b", 0644, 3, new byte[] {'x'})
                .file("/a/b", 0755, 4, new byte[] {'h', 'e', 'l', 'l', 'o'})
                .file("/empty", 0600, -5, new byte[0]));

        assertEquals(6 * PAGE, tree.length);
        assertEquals(GOLDEN_HEADER, hex(tree, 0, 72));
        assertEquals(GOLDEN_ENTRIES, hex(tree, PAGE, 5 * 32));
        assertEquals("/" + "/a" + "/a-b" + "/a/b" + "/empty", text(tree, 2 * PAGE, 17));
        assertEquals(GOLDEN_CHECKSUMS, hex(tree, 3 * PAGE, 8));
        assertEquals("x", text(tree, 4 * PAGE, 1));
        assertEquals("hello", text(tree, 5 * PAGE, 5));
        int others = 0;
        for (byte b : tree) {
            others += b == 0 ? 0 : 1;
        }
        assertEquals(GOLDEN_BYTES_SET, others);
    }

    @Test
    void theSameEntriesGiveTheSameBytesInAnyOrder() {
        byte[] once = bytesOf(root().file("/b", 0644, 1, new byte[] {1}).directory("/a", 0755, 2));
        byte[] again = bytesOf(new TreeWriter()
                .directory("/a", 0755, 2)
                .file("/b", 0644, 1, new byte[] {1})
                .directory("/", 0755, 0));
        assertArrayEquals(once, again);
    }

    @Test
    void aWriterCanBeUsedAgain() {
        TreeWriter writer = root().file("/b", 0644, 1, new byte[] {1});
        assertArrayEquals(bytesOf(writer), bytesOf(writer));
    }

    @Test
    void givenBytesAreCopied() throws IOException {
        byte[] content = {1};
        TreeWriter writer = root().file("/b", 0644, 1, content);
        content[0] = 2;
        try (TreeReader reader = read(bytesOf(writer))) {
            assertArrayEquals(new byte[] {1}, reader.read("/b"));
        }
    }

    @Test
    void aChannelThatTakesLittleAtATimeGetsAll() {
        byte[] content = new byte[3 * PAGE];
        new Random(1).nextBytes(content);
        TreeWriter writer = root().file("/b", 0644, 1, content);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writer.writeTo(new SmallSteps(bytes));
        assertArrayEquals(bytesOf(writer), bytes.toByteArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "/a/", "//a", "/a//b", "/.", "/a/..", "/a/./b", "/a\0b", "/\ud800"})
    void refusesPathsThatATreeCannotHave(String path) {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> root().directory(path, 0755, 0));
        assertTrue(refused.getMessage().startsWith("The path \""), refused.getMessage());
    }

    @Test
    void refusesPathsThatAreTooLongInBytes() {
        TreeWriter writer = root();
        writer.directory("/" + "ü".repeat(127) + "x", 0755, 0);
        assertMessage(
                "has a part of 256 bytes, and at most 255 are allowed.",
                assertThrows(IllegalArgumentException.class, () -> writer.directory("/" + "ü".repeat(128), 0755, 0)));
        String path = ("/" + "x".repeat(127)).repeat(8);
        writer.directory(path, 0755, 0);
        assertMessage(
                "has 1025 bytes, and at most 1024 are allowed.",
                assertThrows(IllegalArgumentException.class, () -> writer.directory(path + "x", 0755, 0)));
    }

    @Test
    void refusesTheSamePathTwice() {
        TreeWriter writer = root().directory("/a", 0755, 0);
        assertMessage(
                "/a was added before: a path is in a tree once.",
                assertThrows(IllegalArgumentException.class, () -> writer.file("/a", 0644, 0, new byte[0])));
    }

    @Test
    void refusesBitsThatAreNoPermissions() {
        assertMessage(
                "/a: permissions 04755 have other bits than the nine of 0777: a sealed tree has no set-user-id files.",
                assertThrows(IllegalArgumentException.class, () -> root().file("/a", 04755, 0, new byte[0])));
    }

    @Test
    void refusesEntriesWithoutTheirDirectory() {
        assertMessage(
                "/a/b: its directory /a was not added.",
                assertThrows(TreeException.class, () -> bytesOf(root().file("/a/b", 0644, 0, new byte[0]))));
        assertMessage(
                "/a/b: /a is a file, not a directory.",
                assertThrows(
                        TreeException.class,
                        () -> bytesOf(root().file("/a", 0644, 0, new byte[0]).file("/a/b", 0644, 0, new byte[0]))));
        assertMessage(
                "/: the root is missing. Add it by directory(\"/\", ...).",
                assertThrows(TreeException.class, () -> bytesOf(new TreeWriter())));
        assertMessage(
                "/: / is a file, not a directory.",
                assertThrows(TreeException.class, () -> bytesOf(new TreeWriter().file("/", 0644, 0, new byte[0]))));
    }

    @Test
    void refusesMoreEntriesThanTheBootLayerReads() {
        TreeWriter writer = root();
        for (int i = 0; i < 65_536; i++) {
            writer.directory("/" + i, 0755, 0);
        }
        assertMessage(
                "The tree would have 65537 entries, and at most 65536 are allowed. Put classes into jars.",
                assertThrows(TreeException.class, () -> bytesOf(writer)));
    }

    @Test
    void saysThatAFileChangedWhileItWasWritten() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[] {1, 2, 3});
        TreeWriter writer = root().file("/file", 0644, 0, file);
        for (byte[] later : List.of(new byte[] {1, 2, 4}, new byte[] {1, 2, 3, 0}, new byte[2 * PAGE], new byte[0])) {
            Files.write(file, new byte[] {1, 2, 3});
            // The header is the first to be written, and by then the file was read once.
            WritableByteChannel changing = new SmallSteps(new ByteArrayOutputStream()) {
                @Override
                public int write(ByteBuffer bytes) throws IOException {
                    Files.write(file, later);
                    return super.write(bytes);
                }
            };
            assertMessage(
                    "/file: the file changed while the tree was written. Write it again.",
                    assertThrows(TreeException.class, () -> writer.writeTo(changing)));
        }
    }

    @Test
    void aFileThatCannotBeReadIsAnErrorOfInputAndOutput() {
        TreeWriter writer = root().file("/file", 0644, 0, directory.resolve("none"));
        assertThrows(UncheckedIOException.class, () -> bytesOf(writer));
    }

    private static final String GOLDEN_HEADER = "756b346a74726565010000000500000000100000000000000020000000000000"
            + "1100000000000000003000000000000000400000000000000060000000000000"
            + "5bbd5b87ae311151";
    private static final String GOLDEN_ENTRIES = "000000000000000000000000000000000100000000000000000000000100ed41"
            + "000000000000000000000000000000000200000000000000010000000200ed41"
            + "004000000000000001000000000000000300000000000000030000000400a481"
            + "005000000000000005000000000000000400000000000000070000000400ed81"
            + "00000000000000000000000000000000fbffffffffffffff0b00000006008081";
    private static final String GOLDEN_CHECKSUMS = "1bf902ecd86429ba";
    private static final int GOLDEN_BYTES_SET = 90;

    private static TreeWriter root() {
        return new TreeWriter().directory("/", 0755, 0);
    }

    private static byte[] bytesOf(TreeWriter writer) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long written = writer.writeTo(Channels.newChannel(bytes));
        assertEquals(bytes.size(), written);
        return bytes.toByteArray();
    }

    private TreeReader read(byte[] tree) throws IOException {
        return TreeReader.open(Files.write(directory.resolve("tree"), tree));
    }

    private static void assertMessage(String end, Exception thrown) {
        assertTrue(String.valueOf(thrown.getMessage()).endsWith(end), thrown.getMessage());
    }

    private static String hex(byte[] bytes, int from, int count) {
        return HexFormat.of().formatHex(bytes, from, from + count);
    }

    private static String text(byte[] bytes, int from, int count) {
        return new String(bytes, from, count, java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Takes at most 1,000 bytes at a time. */
    private static class SmallSteps implements WritableByteChannel {
        private final ByteArrayOutputStream to;

        SmallSteps(ByteArrayOutputStream to) {
            this.to = to;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            byte[] part = new byte[Math.min(1000, bytes.remaining())];
            bytes.get(part);
            to.writeBytes(part);
            return part.length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
