package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The key-value store in a sealed image with a virtio disk, in a machine that is killed while clients write. */
class KeyValueIT {
    private static final int CLIENTS = 3;
    private static final int ACKNOWLEDGED = 60;
    private static final int PATIENCE_MS = 60_000;

    @TempDir
    Path folder;

    private final int port = FreePorts.next();
    private final Map<String, String> acknowledged = new ConcurrentHashMap<>();

    /** A connection that speaks in lines. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final BufferedReader input;
        private final Writer output;

        Client(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(PATIENCE_MS);
            input = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            output = new OutputStreamWriter(socket.getOutputStream(), StandardCharsets.UTF_8);
        }

        String ask(String line) throws IOException {
            output.write(line + "\n");
            output.flush();
            String answer = input.readLine();
            if (answer == null) {
                throw new IOException("no answer");
            }
            return answer;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void keepsWhatItHasAcknowledgedWhenTheMachineIsKilled() throws Exception {
        Requirements.commands("qemu-system-x86_64");
        Path kernel = SealedTree.kernel(folder);
        Path tree = SealedTree.keyValue(folder);
        Path disk = Files.write(folder.resolve("disk.img"), new byte[8 << 20]);
        for (int life = 0; life < 3; life++) {
            try (SealedMachine guest = start(kernel, tree, disk)) {
                guest.await("Ready: ");
                checkAll();
                if (life < 2) {
                    writeUntilKilled(guest, life);
                }
            }
        }
        assertTrue(acknowledged.size() >= 2 * ACKNOWLEDGED, acknowledged.size() + " acknowledged");
    }

    private SealedMachine start(Path kernel, Path tree, Path disk) throws IOException {
        return SealedMachine.start(
                folder,
                kernel,
                tree,
                "q35",
                List.of(
                        "uk.net.device=virtio:0",
                        "uk.net.ipv4=10.0.2.15/24",
                        "uk.net.gateway=10.0.2.2",
                        "uk.block.device=virtio:0"),
                List.of(
                        "-netdev",
                        "user,id=n,hostfwd=tcp:127.0.0.1:" + port + "-:7000",
                        "-device",
                        "virtio-net-pci,netdev=n",
                        "-drive",
                        "if=none,format=raw,id=d,file=" + disk,
                        "-device",
                        "virtio-blk-pci,drive=d"));
    }

    private void checkAll() throws IOException {
        try (Client client = new Client(port)) {
            for (Map.Entry<String, String> entry : acknowledged.entrySet()) {
                assertEquals("VALUE " + entry.getValue(), client.ask("GET " + entry.getKey()));
            }
        }
    }

    /** Several clients write; once enough is acknowledged the machine is killed, whatever they are at. */
    private void writeUntilKilled(SealedMachine guest, int life) throws Exception {
        int before = acknowledged.size();
        List<Thread> writers = new ArrayList<>();
        for (int number = 0; number < CLIENTS; number++) {
            String prefix = life + "-" + number + "-";
            writers.add(Thread.ofVirtual().start(() -> write(prefix)));
        }
        while (acknowledged.size() < before + ACKNOWLEDGED) {
            assertTrue(writers.stream().anyMatch(Thread::isAlive), guest.console());
            Thread.sleep(5);
        }
        guest.kill();
        for (Thread writer : writers) {
            writer.join();
        }
    }

    private void write(String prefix) {
        try (Client client = new Client(port)) {
            for (int i = 0; ; i++) {
                String value = "v".repeat(i * 37 % 2000) + i;
                if (!client.ask("PUT " + prefix + i + ' ' + value).equals("OK")) {
                    return;
                }
                acknowledged.put(prefix + i, value);
            }
        } catch (IOException e) {
            // The machine is gone.
            return;
        }
    }
}
