package io.uk4j.boot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an image says of itself, and what it hands over: the list of digests, the memory that it needs, a file of the tree in RAM. */
class ImageIT {
    private static final int BOOT = 121;
    private static final int MEMORY = 122;
    private static final int IMAGE = 123;
    private static final String LIST = "/uk/files.sha256";

    @TempDir
    Path folder;

    @BeforeAll
    static void needsQemu() {
        Requirements.commands("qemu-system-x86_64");
    }

    private Guest guest() {
        return new Guest(folder);
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    /** The digests of all files in the tree that runs the test hello. */
    private static Map<String, String> digests() throws Exception {
        return new TreeMap<>(Map.of(
                "/conformance",
                sha256(Files.readAllBytes(Guest.PROGRAM)),
                "/uk/arguments",
                sha256(Guest.arguments("hello"))));
    }

    private static byte[] list(Map<String, String> digests) {
        StringBuilder lines = new StringBuilder();
        digests.forEach(
                (path, digest) -> lines.append(digest).append("  ").append(path).append('\n'));
        return lines.toString().getBytes(StandardCharsets.UTF_8);
    }

    private Guest.End boot(String verify, byte[] list) throws IOException, InterruptedException {
        Guest guest = guest().word("uk.verify=" + verify);
        return guest.boot(guest.write(Guest.files("hello").file(LIST, 0644, 0, list)));
    }

    private static void assertRefused(int code, String text, Guest.End end) {
        assertTrue(end.console().contains(text + "\n"), end.console());
        assertTrue(!end.console().contains("PASS hello"), end.console());
        assertEquals(code, end.code(), end.console());
    }

    private static final String REFUSED = "boot: the image is not as it should be (uk.verify): ";

    @Test
    void runsIfEachFileHasItsDigest() throws Exception {
        byte[] list = list(digests());
        for (String verify : new String[] {"sha256", "sha256:" + sha256(list)}) {
            Guest.End end = boot(verify, list);
            assertTrue(end.console().contains("boot: the SHA-256 of all 2 files is right\n"), end.console());
            assertTrue(end.console().contains("PASS hello\n"), end.console());
            assertEquals(0, end.code());
        }
    }

    @Test
    void namesTheFileWithAnotherDigest() throws Exception {
        Map<String, String> digests = digests();
        digests.put("/conformance", sha256(new byte[0]));
        assertRefused(
                IMAGE,
                REFUSED + "/conformance has another SHA-256 than the one that is listed",
                boot("sha256", list(digests)));
    }

    @Test
    void refusesAFileThatIsNotListed() throws Exception {
        Map<String, String> digests = digests();
        digests.remove("/uk/arguments");
        assertRefused(IMAGE, REFUSED + LIST + " does not list all files of the image", boot("sha256", list(digests)));
    }

    @Test
    void refusesAListThatIsNone() throws Exception {
        Map<String, String> digests = digests();
        digests.put("/zebra", sha256(new byte[0]));
        assertRefused(IMAGE, REFUSED + "/zebra is listed, and is no file of the image", boot("sha256", list(digests)));
        String good = new String(list(digests()), StandardCharsets.UTF_8);
        assertRefused(
                IMAGE,
                REFUSED + LIST + " has a line that is none",
                boot("sha256", (good + "x\n").getBytes(StandardCharsets.UTF_8)));
        assertRefused(
                IMAGE,
                REFUSED + LIST + " does not end with a line",
                boot("sha256", (good + "x").getBytes(StandardCharsets.UTF_8)));
        assertRefused(
                IMAGE,
                REFUSED + "/conformance is listed twice, or not in order",
                boot("sha256", (good + good).getBytes(StandardCharsets.UTF_8)));
        Guest guest = guest().word("uk.verify=sha256");
        assertRefused(IMAGE, REFUSED + LIST + " is missing", guest.run("hello"));
    }

    @Test
    void refusesAnotherSealThanTheOneAskedFor() throws Exception {
        byte[] list = list(digests());
        Guest.End end = boot("sha256:" + sha256(new byte[0]), list);
        assertRefused(IMAGE, REFUSED + LIST + " is not the one that was asked for", end);
        assertTrue(end.console().contains("boot: the seal of this image is " + sha256(list) + "\n"), end.console());
        assertRefused(
                IMAGE,
                REFUSED + LIST + " is not the one that was asked for",
                boot("sha256:" + sha256(list) + "0", list));
        assertRefused(BOOT, "boot: uk.verify can be sha256, or sha256:SEAL, and nothing else", boot("sha512", list));
    }

    @Test
    void saysHowMuchMemoryIsNeeded() throws Exception {
        byte[] much = "314572800\n".getBytes(StandardCharsets.UTF_8);
        Guest little = guest().memoryMib(64);
        Guest.End end = little.boot(little.write(Guest.files("out-of-memory").file("/uk/memory", 0644, 0, much)));
        assertTrue(
                end.console()
                        .matches(
                                "(?s).*boot: this image needs 300 MiB of memory, and the machine has 6[0-9] MiB \\(QEMU: -m 300M\\)\n.*"
                                        + "boot: this image needs 300 MiB of memory\nboot: out of memory: .*"),
                end.console());
        assertEquals(MEMORY, end.code());
        Guest enough = guest().memoryMib(300);
        end = enough.boot(enough.write(Guest.files("hello").file("/uk/memory", 0644, 0, much)));
        assertTrue(!end.console().contains("this image needs"), end.console());
    }

    @Test
    void handsAFileOverToTheHost() throws Exception {
        Path pieces = folder.resolve("pieces");
        Path memory = folder.resolve("memory");
        Guest.End end = guest().word("boot.export=/tmp/made boot.export_port=0xe9")
                .with("-chardev", "file,id=export,path=" + pieces, "-device", "isa-debugcon,chardev=export,iobase=0xe9")
                .with("-object", "memory-backend-file,id=ram,share=on,size=256M,mem-path=" + memory)
                .with("-machine", "memory-backend=ram")
                .run("make-file");
        assertEquals(0, end.code(), end.console());
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int i = 0; i < 20_000; i++) {
            expected.write("%06d\n".formatted(i).getBytes(StandardCharsets.US_ASCII));
        }
        ByteBuffer list = ByteBuffer.wrap(Files.readAllBytes(pieces)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] all = Files.readAllBytes(memory);
        ByteArrayOutputStream made = new ByteArrayOutputStream();
        assertEquals(expected.size(), list.getLong());
        while (list.hasRemaining()) {
            int from = (int) list.getLong();
            made.write(Arrays.copyOfRange(all, from, from + (int) list.getLong()));
        }
        assertArrayEquals(expected.toByteArray(), made.toByteArray());
    }

    @Test
    void saysThatThereIsNothingToHandOver() throws Exception {
        Guest.End end =
                guest().word("boot.export=/tmp/none boot.export_port=0xe9").run("hello");
        assertTrue(end.console().contains("boot: there is no file /tmp/none to be exported\n"), end.console());
        assertEquals(0, end.code());
    }
}
