package io.uk4j.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The boot layer's promises (conformance.c), each in a machine of its own under QEMU. */
class BootIT {
    private static final int SIGNAL = 119;
    private static final int PANIC = 120;
    private static final int BOOT = 121;
    private static final int MEMORY = 122;
    private static final int IMAGE = 123;

    @TempDir
    Path folder;

    @BeforeAll
    static void needsQemu() {
        Requirements.commands("qemu-system-x86_64");
    }

    private Guest guest() {
        return new Guest(folder);
    }

    private static void assertPassed(Guest.End end, String... tests) {
        for (String test : tests) {
            assertTrue(end.console().contains("PASS " + test + "\n"), end.console());
        }
        assertEquals(0, end.code(), end.console());
    }

    private static void assertEnded(int code, String text, Guest.End end) {
        assertTrue(end.console().contains(text), end.console());
        assertEquals(code, end.code(), end.console());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void keepsItsPromisesOnSoManyProcessors(int processors) throws Exception {
        String[] tests = ("hello time exception null rights fpu threads futex memory files frames signals clones ports"
                        + " timeouts levels")
                .split(" ");
        Guest.End end = guest().processors(processors).run(tests);
        assertPassed(end, tests);
        assertTrue(end.console().contains("hello, " + processors + " processors\n"), end.console());
    }

    @ParameterizedTest
    @ValueSource(strings = {"pc", "q35", "microvm", "microvm,acpi=off"})
    void bootsOnEachMachine(String machine) throws Exception {
        assertPassed(guest().machine(machine).run("hello", "time"), "hello", "time");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pc", "q35", "microvm"})
    void bootsAsOneFile(String machine) throws Exception {
        Guest guest = guest().machine(machine);
        Path image = folder.resolve("uk.img");
        BootImage.write(guest.tree("hello", "files"), image);
        assertPassed(guest.kernel(image).boot(null), "hello", "files");
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 512, 6144})
    void usesAllMemoryThatThereIs(int mib) throws Exception {
        String test = mib > 1024 ? "hello" : "all-memory";
        assertPassed(guest().memoryMib(mib).run(test), test);
    }

    @Test
    void runsOnAnOrdinaryProcessorModel() throws Exception {
        assertPassed(guest().processor("Haswell").run("fpu"), "fpu");
    }

    @Test
    void givesOtherRandomnessEachTime() throws Exception {
        Guest.End first = guest().run("random");
        Guest.End second = guest().run("random");
        assertPassed(first, "random");
        assertPassed(second, "random");
        assertTrue(!first.console().equals(second.console()), first.console());
    }

    @Test
    void endsWithTheCodeThatTheProgramChose() throws Exception {
        assertEquals(7, guest().run("exit-code").code());
    }

    /** A machine that is let boot again after a reset does so. */
    @ParameterizedTest
    @Timeout(120)
    @ValueSource(strings = {"pc", "q35", "microvm", "microvm,acpi=off"})
    void startsAgainWhenItIsAskedTo(String machine) throws Exception {
        Guest guest = guest().machine(machine).with("-action", "reboot=reset");
        Process qemu = guest.start(guest.tree("reboot"));
        try {
            while (!guest.console().matches("(?s).*rebooting.*rebooting.*")) {
                assertTrue(!qemu.waitFor(50, TimeUnit.MILLISECONDS), guest.console());
            }
        } finally {
            qemu.destroyForcibly().waitFor();
        }
        assertTrue(!guest.console().contains("cannot be powered off"), guest.console());
    }

    @Test
    void saysWhichSignalEndedTheProgram() throws Exception {
        assertEnded(SIGNAL, "ended by signal 6", guest().run("abort"));
    }

    @Test
    void stopsAtTheGuardOfAStack() throws Exception {
        assertEnded(SIGNAL, "ended by signal 11", guest().run("stack-guard"));
    }

    @Test
    void saysThatMemoryIsOut() throws Exception {
        assertEnded(
                MEMORY, "boot: out of memory: thread ", guest().memoryMib(64).run("out-of-memory"));
    }

    @Test
    void refusesToBootWithoutATree() throws Exception {
        assertEnded(IMAGE, "boot: there is no file tree", guest().boot(null));
    }

    @Test
    void namesTheProgramThatIsNotThere() throws Exception {
        Path tree = guest().tree("hello");
        byte[] bytes = Files.readAllBytes(tree);
        Files.write(tree, java.util.Arrays.copyOf(bytes, bytes.length / 2));
        assertEnded(IMAGE, "the image is cut short", guest().boot(tree));
    }

    @ParameterizedTest
    @CsvSource({"20, header", "4100, index", "-100, the file /uk/arguments is", "0, the file /conformance is"})
    void namesThePartThatIsDamaged(int at, String part) throws Exception {
        Path tree = guest().tree("hello");
        byte[] bytes = Files.readAllBytes(tree);
        // 0 stands for where the files begin, as the header says.
        int data = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(48);
        bytes[at < 0 ? bytes.length + at : at == 0 ? data + 24 : at] ^= 4;
        Files.write(tree, bytes);
        assertEnded(IMAGE, "boot: the image is damaged: " + part, guest().boot(tree));
    }

    @Test
    void namesWhatTheProcessorLacks() throws Exception {
        assertEnded(
                BOOT,
                "boot: the processor has no XSAVE",
                guest().processor("qemu64").run("hello"));
        assertEnded(
                BOOT,
                "boot: no randomness",
                guest().processor("max,-rdrand,-rdseed").run("hello"));
    }

    /** A non-maskable interrupt is how an operator asks a machine that hangs where it is. */
    @ParameterizedTest
    @ValueSource(strings = {"q35", "microvm"})
    void showsThreadsAndAllProcessorsWhenAsked(String machine) throws Exception {
        Path socket = folder.resolve("monitor");
        Guest guest = guest().machine(machine).processors(2).with("-monitor", "unix:" + socket + ",server=on,wait=off");
        Process qemu = guest.start(guest.tree("sleep"));
        while (!guest.console().contains("sleeping")) {
            assertTrue(!qemu.waitFor(50, TimeUnit.MILLISECONDS), guest.console());
        }
        monitor(socket, "nmi\n");
        Guest.End end = guest.finish(qemu);
        assertEnded(PANIC, "boot: panic: exception 2", end);
        assertTrue(end.console().contains("main             sleeps"), end.console());
        for (int processor = 0; processor < 2; processor++) {
            assertTrue(end.console().matches("(?s).*\\nrip [^\\n]* cpu " + processor + "\\n.*"), end.console());
        }
        assertTrue(end.console().contains("idle_loop+0x"), end.console());
    }

    @Test
    void countsHowLocksAreUsed() throws Exception {
        Guest.End end = guest().processors(2).word("boot.statistics=locks").run("futex");
        assertPassed(end, "futex");
        assertTrue(
                end.console().matches("(?s).*\\nboot: futex bucket +[1-9][0-9]* +[0-9]+ +[0-9]+\\n.*"), end.console());
        assertTrue(end.console().endsWith("boot: 0 system calls were not there\n"), end.console());
    }

    /** The recipe of docs/boot.md. */
    @Test
    void gdbStopsTheMachineWhereItIsToldTo() throws Exception {
        Requirements.commands("gdb");
        Path socket = folder.resolve("gdb");
        Guest guest = guest().with("-S", "-gdb", "unix:" + socket + ",server=on,wait=off");
        Process qemu = guest.start(guest.tree("hello"));
        while (!Files.exists(socket)) {
            assertTrue(!qemu.waitFor(20, TimeUnit.MILLISECONDS), guest.console());
        }
        Path log = folder.resolve("gdb.log");
        Process gdb = new ProcessBuilder(
                        "gdb",
                        "-nx",
                        "-batch",
                        "-ex",
                        "target remote " + socket,
                        "-ex",
                        "hbreak files_start",
                        "-ex",
                        "continue",
                        "-ex",
                        "backtrace",
                        "-ex",
                        "detach",
                        "target/boot/uk-boot.debug.elf")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertTrue(gdb.waitFor(1, TimeUnit.MINUTES));
        String said = Files.readString(log);
        assertTrue(said.matches("(?s).*#0 .* in files_start \\(\\)\\s+#1 .* in start \\(\\).*"), said);
        assertPassed(guest.finish(qemu), "hello");
    }

    private static void monitor(Path socket, String command) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap(command.getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer answer = ByteBuffer.allocate(4096);
            while (channel.read(answer.clear()) > 0) {
                // Until the machine has ended: QEMU carries out what it has read only.
            }
        }
    }
}
