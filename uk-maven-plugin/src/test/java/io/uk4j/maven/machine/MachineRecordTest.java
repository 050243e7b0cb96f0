package io.uk4j.maven.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a process that only waits in the place of QEMU. */
class MachineRecordTest {
    @TempDir
    Path folder;

    private Process process;

    @BeforeEach
    void start() throws IOException {
        process = new ProcessBuilder("sleep", "600").start();
    }

    @AfterEach
    void end() {
        process.destroyForcibly();
    }

    private MachineRecord machine(ProcessHandle maven) {
        return new MachineRecord(
                process.pid(),
                MachineRecord.startOf(process.toHandle()),
                maven.pid(),
                MachineRecord.startOf(maven),
                folder.resolve("conversation/qmp"));
    }

    @Test
    void isReadByAnotherProcess() throws Exception {
        Path file = folder.resolve("a.machine");
        assertEquals(Optional.empty(), MachineRecord.read(file));
        MachineRecord written = machine(ProcessHandle.current());
        written.write(file);
        assertEquals(Optional.of(written), MachineRecord.read(file));
        assertTrue(written.isRunning() && written.hasMaven() && written.isOurs());
        assertThrows(FileAlreadyExistsException.class, () -> written.write(file));
    }

    @Test
    void tellsALeftOverFromOneThatSomebodyTestsWith() throws Exception {
        ProcessHandle init = ProcessHandle.of(1).orElseThrow();
        assertTrue(machine(init).hasMaven());
        assertFalse(machine(init).isOurs());
        MachineRecord orphan = new MachineRecord(
                process.pid(), MachineRecord.startOf(process.toHandle()), 1, "2000-01-01T00:00:00Z", folder);
        assertTrue(orphan.isRunning());
        assertFalse(orphan.hasMaven());
    }

    @Test
    void forgetsAMachineThatHasEnded() throws Exception {
        Path file = folder.resolve("a.machine");
        Path conversation = Files.createDirectories(folder.resolve("conversation"));
        Files.createFile(conversation.resolve("qmp"));
        Files.createFile(conversation.resolve("events"));
        machine(ProcessHandle.current()).write(file);
        process.destroyForcibly().waitFor();
        assertEquals(Optional.empty(), MachineRecord.read(file));
        assertFalse(Files.exists(file));
        assertFalse(Files.exists(conversation));
    }

    @Test
    void doesNotTakeAnotherProcessOfTheSameNumberForIt() throws Exception {
        Path file = folder.resolve("a.machine");
        new MachineRecord(process.pid(), "2000-01-01T00:00:00Z", 1, "", folder.resolve("none/qmp")).write(file);
        assertEquals(Optional.empty(), MachineRecord.read(file));
        assertTrue(process.isAlive());
    }

    @Test
    void forgetsARecordThatWasNotWrittenToItsEnd() throws Exception {
        Path file = Files.writeString(folder.resolve("a.machine"), "pid=1\n");
        assertEquals(Optional.empty(), MachineRecord.read(file));
        assertFalse(Files.exists(file));
    }

    @Test
    void switchesOffAMachineThatDoesNotListen() throws Exception {
        MachineRecord written = machine(ProcessHandle.current());
        assertFalse(written.end(1000));
        assertFalse(written.isRunning());
        assertTrue(written.end(1000), "it has ended before");
    }

    /** Nobody has taken note of its end, as where the first process of a container does not. */
    @Test
    void aProcessOfWhichOnlyTheNumberIsLeftHasEnded() throws Exception {
        // The shell becomes a program that does not wait for its child.
        Process parent = new ProcessBuilder("sh", "-c", "sleep 0.01 & echo $!; exec sleep 600").start();
        try (var lines = parent.inputReader()) {
            ProcessHandle child =
                    ProcessHandle.of(Long.parseLong(lines.readLine())).orElseThrow();
            while (!MachineRecord.startOf(child).equals(MachineRecord.ENDED)) {
                Thread.onSpinWait();
            }
            assertFalse(new MachineRecord(child.pid(), MachineRecord.ENDED, 1, "", folder).isRunning());
        } finally {
            parent.destroyForcibly();
        }
    }

    @Test
    void deletesItsOwnRecordAlone() throws Exception {
        Path file = folder.resolve("a.machine");
        MachineRecord written = machine(ProcessHandle.current());
        written.write(file);
        new MachineRecord(1, "", 1, "", folder).delete(file);
        assertTrue(Files.exists(file));
        written.delete(file);
        assertFalse(Files.exists(file));
        written.delete(file);
    }

    @Test
    void endsAMachineThatListensToNobody() throws Exception {
        assertFalse(machine(ProcessHandle.current()).end(1));
        // Java takes note of it a moment after the system.
        assertTrue(process.waitFor(10, TimeUnit.SECONDS));
    }
}
