package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.boot.BootImage;
import io.uk4j.testkit.PcapReader;
import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** hello-http in a machine with no operating system: the boot layer, our drivers, our stack. */
class SealedImageIT {
    private static final List<String> WORDS =
            List.of("uk.net.device=virtio:0", "uk.net.ipv4=10.0.2.15/24", "uk.net.gateway=10.0.2.2");
    private static final String MMIO = "virtio-mmio.force-legacy=false";
    private static final Duration DOWNLOAD_LIMIT = Duration.ofMinutes(3);

    @TempDir
    static Path folder;

    private static Path kernel;
    private static Path tree;

    private final int port = FreePorts.next();

    @BeforeAll
    static void makeImage() throws IOException {
        Requirements.commands("qemu-system-x86_64", "curl");
        kernel = SealedTree.kernel(folder);
        tree = SealedTree.helloHttp(folder);
    }

    private SealedMachine start(
            Path bootLayer, @Nullable Path module, String machine, String device, String... moreWords)
            throws IOException {
        List<String> words = new ArrayList<>(WORDS);
        words.addAll(List.of(moreWords));
        return SealedMachine.start(
                folder,
                bootLayer,
                module,
                machine,
                words,
                List.of(
                        "-global", MMIO,
                        "-netdev", "user,id=n,hostfwd=tcp:127.0.0.1:" + port + "-:80",
                        "-device", device + ",netdev=n"));
    }

    private String url(String path) {
        return "http://127.0.0.1:" + port + path;
    }

    @ParameterizedTest
    @CsvSource({
        "pc, virtio-net-pci",
        "q35, virtio-net-pci",
        "microvm, virtio-net-device",
        "'microvm,acpi=off', virtio-net-device"
    })
    void servesItsPageOnEachMachine(String machine, String device) throws Exception {
        try (SealedMachine guest = start(kernel, tree, machine, device)) {
            guest.await("Ready: ");
            String page =
                    Command.run("curl", "-sS", "--max-time", "15", url("/")).succeeded();
            assertTrue(page.contains("<dt>platform<dd>kvm</div>"), page);
        }
    }

    @Test
    void servesMuchAndManyAndPowersOffInOrder() throws Exception {
        Path image = folder.resolve("hello.uk.img");
        BootImage.write(tree, image);
        try (SealedMachine guest = start(image, null, "q35", "virtio-net-pci")) {
            guest.await("Ready: ");
            long bytes = 100_000_000;
            String digest = Command.run(
                            DOWNLOAD_LIMIT, List.of("sh", "-c", "curl -sS " + url("/bytes/" + bytes) + " | sha256sum"))
                    .succeeded();
            assertEquals(ServedBytes.sha256(bytes) + "  -\n", digest);
            List<Command> answers = IntStream.range(0, 50)
                    .mapToObj(_ -> Thread.ofVirtual())
                    .map(builder -> {
                        var task = new java.util.concurrent.FutureTask<>(() -> Command.run(
                                Duration.ofMinutes(1),
                                List.of("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", url("/"))));
                        builder.start(task);
                        return task;
                    })
                    .toList()
                    .stream()
                    .map(SealedImageIT::result)
                    .toList();
            answers.forEach(answer -> assertEquals("200", answer.succeeded()));
            guest.pressPowerButton();
            assertEquals(0, guest.awaitEnd(), guest.console());
            assertTrue(guest.console().contains("Appliance - Stopped"), guest.console());
        }
    }

    /** Nothing of the JDK can attach to a guest, so it hands its recording out by HTTP. */
    @Test
    void handsItsFlightRecordingOut() throws Exception {
        try (SealedMachine guest = start(kernel, SealedTree.recordedHelloHttp(folder), "q35", "virtio-net-pci")) {
            guest.await("Ready: ");
            Path file = folder.resolve("guest.jfr");
            Command.run(Duration.ofMinutes(2), List.of("curl", "-sSf", "-o", file.toString(), url("/recording")))
                    .succeeded();
            try (RecordingFile recording = new RecordingFile(file)) {
                List<String> types = new ArrayList<>();
                while (recording.hasMoreEvents()) {
                    types.add(recording.readEvent().getEventType().getName());
                }
                assertTrue(types.contains("jdk.JVMInformation"), types.toString());
                assertTrue(types.contains("io.uk4j.Appliance"), types.toString());
            }
        }
    }

    /** What passes the driver goes into the tree in RAM, and comes out by HTTP. */
    @Test
    void handsItsPacketCaptureOut() throws Exception {
        Requirements.commands("tcpdump");
        String[] words = {"uk.pcap.file=/tmp/net.pcap", "uk.pcap.bytes=1M"};
        try (SealedMachine guest = start(kernel, tree, "q35", "virtio-net-pci", words)) {
            guest.await("Ready: ");
            Path file = folder.resolve("guest.pcap");
            curl("-o", "/dev/null", url("/"));
            long beforeMs = System.currentTimeMillis();
            curl("-o", file.toString(), url("/capture"));

            String text = PacketCaptureIT.read(file);
            assertTrue(text.matches(PacketCaptureIT.handshake("10\\.0\\.2\\.2\\.\\d+", "10\\.0\\.2\\.15\\.80")), text);
            assertTrue(text.contains("GET /capture HTTP/1.1"), text);
            long lastMs = PcapReader.read(file).getLast().timeNs() / 1_000_000;
            assertTrue(Math.abs(lastMs - beforeMs) < 3_600_000, () -> "recorded at " + lastMs + ", not " + beforeMs);

            // More than there is room for: the page is served all the same, and the metrics say what is not in the
            // capture.
            curl("-o", "/dev/null", url("/bytes/2M"));
            Metrics metrics = Metrics.parse(curl(url("/metrics")));
            assertTrue(metrics.sum("uk_pcap_frames_missed_total") > 0, metrics::toString);
            assertTrue(guest.console().contains("/tmp/net.pcap of "), guest.console());
            curl("-o", file.toString(), url("/capture"));
            assertEquals(
                    metrics.sum("uk_pcap_frames_total"), PcapReader.read(file).size());
            assertTrue(Files.size(file) <= 1 << 20);
        }
    }

    @Test
    void saysThatTheCaptureCannotBeWritten() throws Exception {
        try (SealedMachine guest = start(kernel, tree, "q35", "virtio-net-pci", "uk.pcap.file=/jre/net.pcap")) {
            assertEquals(2, guest.awaitEnd(), guest.console());
            assertTrue(
                    guest.console().contains("uk.pcap.file=/jre/net.pcap (command line) cannot be written: "),
                    guest.console());
        }
    }

    private static String curl(String... arguments) {
        List<String> line = new ArrayList<>(List.of("curl", "-sSf"));
        line.addAll(List.of(arguments));
        return Command.run(Duration.ofMinutes(1), line).succeeded();
    }

    private static Command result(java.util.concurrent.Future<Command> task) {
        try {
            return task.get();
        } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    /** What every platform promises, inside the guest: time, entropy, memory for devices, and waiting. */
    @Test
    void keepsTheContractOfPlatforms() throws Exception {
        Path tests = SealedTree.junit(folder, GuestPlatformContract.class);
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tests, "q35", List.of(), List.of())) {
            assertEquals(0, guest.awaitEnd(), guest.console());
            assertTrue(
                    guest.console().matches("(?s).*\\[ +26 tests successful +\\].*\\[ +0 tests failed +\\].*"),
                    guest.console());
        }
    }

    /** The block driver on PCI and on MMIO, with disks of QEMU. */
    @ParameterizedTest
    @CsvSource({"q35, virtio-blk-pci", "microvm, virtio-blk-device"})
    void keepsTheContractOfBlockDevices(String machine, String device) throws Exception {
        Path made = folder.resolve("GuestBlockContract.img");
        Path tests = Files.exists(made) ? made : SealedTree.junit(folder, GuestBlockContract.class);
        List<String> options = new ArrayList<>(List.of("-global", MMIO));
        for (String disk : List.of("writable", "readonly")) {
            Path file = Files.write(folder.resolve(disk + ".img"), new byte[128 * 512]);
            options.addAll(List.of(
                    "-drive",
                    "if=none,format=raw,id=" + disk + ",file=" + file + (disk.equals("readonly") ? ",readonly=on" : ""),
                    "-device",
                    device + ",drive=" + disk));
        }
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tests, machine, List.of(), options)) {
            assertEquals(0, guest.awaitEnd(), guest.console());
            assertTrue(
                    guest.console().matches("(?s).*\\[ +[1-9][0-9] tests successful +\\].*\\[ +0 tests failed +\\].*"),
                    guest.console());
        }
    }

    /** The network driver, with another device of the machine at the far end: two virtio devices on a hub of QEMU. One case is left out, since the hub
     * drops what the far end has no room for, where the contract's wire keeps it. */
    @ParameterizedTest
    @CsvSource({"q35, virtio-net-pci", "q35, 'virtio-net-pci,packed=on'", "microvm, virtio-net-device"})
    void keepsTheContractOfNetworkDevices(String machine, String device) throws Exception {
        Path made = folder.resolve("GuestNetContract.img");
        Path tests = Files.exists(made)
                ? made
                : SealedTree.junit(folder, GuestNetContract.class, ".*aFullQueueLeavesTheRestWithTheCaller.*");
        List<String> options = new ArrayList<>(List.of("-global", MMIO));
        for (String end : List.of("near", "far")) {
            options.addAll(List.of(
                    "-netdev", "hubport,hubid=0,id=" + end,
                    "-device", device + ",netdev=" + end));
        }
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tests, machine, List.of(), options)) {
            assertEquals(0, guest.awaitEnd(), guest.console());
            assertTrue(
                    guest.console()
                            .matches("(?s).*\\[ +0 tests skipped +\\].*\\[ +16 tests successful +\\]"
                                    + ".*\\[ +0 tests failed +\\].*"),
                    guest.console());
        }
    }

    /** The machine is killed in the middle of writing, twice: what it had said to be written is there after each start. */
    @Test
    void keepsWhatWasFlushedWhenTheMachineIsKilled() throws Exception {
        Path journal = SealedTree.program(folder, GuestJournal.class);
        Path file = Files.write(folder.resolve("journal.img"), new byte[4 << 20]);
        List<String> options =
                List.of("-drive", "if=none,format=raw,id=d,file=" + file, "-device", "virtio-blk-pci,drive=d");
        long written = 0;
        for (int start = 0; start < 3; start++) {
            try (SealedMachine guest = SealedMachine.start(folder, kernel, journal, "q35", List.of(), options)) {
                guest.await("written " + (written + 50) + "\n");
                guest.kill();
                String said = guest.console();
                long found = Long.parseLong(said.replaceAll("(?s).*found ([0-9]+)\n.*", "$1"));
                assertTrue(found >= written, found + " found of " + written);
                written = Long.parseLong(said.replaceAll("(?s).*written ([0-9]+)\n.*", "$1"));
            }
        }
    }

    /** QEMU and a host of its own in a namespace, connected by a TAP. */
    @Test
    void isReachedOverATap() throws Exception {
        Requirements.tap();
        try (Netns host = new Netns()) {
            host.run("ip", "tuntap", "add", "dev", "tap0", "mode", "tap").succeeded();
            host.run("ip", "addr", "add", "10.77.0.1/24", "dev", "tap0").succeeded();
            host.run("ip", "link", "set", "tap0", "up").succeeded();
            try (SealedMachine guest = SealedMachine.start(
                    host::inside,
                    folder,
                    kernel,
                    tree,
                    "q35",
                    List.of("uk.net.device=virtio:0", "uk.net.ipv4=10.77.0.2/24", "uk.net.gateway=10.77.0.1"),
                    List.of(
                            "-netdev", "tap,id=n,ifname=tap0,script=no,downscript=no",
                            "-device", "virtio-net-pci,netdev=n"))) {
                guest.await("Ready: ");
                String page = host.run(Duration.ofMinutes(1), "curl", "-sS", "http://10.77.0.2/")
                        .succeeded();
                assertTrue(page.contains("<dt>platform<dd>kvm</div>"), page);
            }
        }
    }

    private List<String> withEntropyDevice() {
        return List.of("-netdev", "user,id=n", "-device", "virtio-net-pci,netdev=n", "-device", "virtio-rng-pci");
    }

    /** The entropy driver in the guest, and the devices that the configuration declares. */
    @Test
    void takesRandomnessFromTheMachine() throws Exception {
        List<String> words = new ArrayList<>(WORDS);
        words.add("uk.kvm.devices=entropy,net");
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tree, "q35", words, withEntropyDevice())) {
            guest.await("Ready: ");
            assertTrue(
                    guest.console().matches("(?s).*Seeding - pci:\\S+ has added to the generator of random bytes\n.*"),
                    guest.console());
        }
    }

    /** The console driver in the guest: what the operator reads there, and that Control-C is the wish to stop. */
    @ParameterizedTest
    @CsvSource({"q35, virtio-serial-pci", "microvm, virtio-serial-device"})
    void talksToItsOperatorOnAVirtioConsole(String machine, String device) throws Exception {
        List<String> words = new ArrayList<>(WORDS);
        words.add("uk.kvm.console=virtio:0");
        Path socket = folder.resolve("operator");
        Files.deleteIfExists(socket);
        List<String> options = new ArrayList<>(List.of("-global", MMIO, "-netdev", "user,id=n"));
        options.addAll(List.of(
                "-device",
                "virtio-net-" + device.substring("virtio-serial-".length()) + ",netdev=n",
                "-chardev",
                "socket,id=operator,server=on,wait=on,path=" + socket,
                "-device",
                device,
                "-device",
                "virtconsole,chardev=operator"));
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tree, machine, words, options);
                SocketChannel operator = connect(socket)) {
            StringBuilder text = new StringBuilder();
            assertTimeoutPreemptively(DOWNLOAD_LIMIT, () -> readUntilReady(operator, text), guest::console);
            assertTrue(text.indexOf("Ready: ") >= 0, text + guest.console());
            operator.write(ByteBuffer.wrap(new byte[] {3}));
            assertEquals(0, guest.awaitEnd(), guest.console());
            assertTrue(guest.console().contains("Ready: "), guest.console());
        }
    }

    private static void readUntilReady(SocketChannel operator, StringBuilder text) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4096);
        while (text.indexOf("Ready: ") < 0 && operator.read(bytes.clear()) >= 0) {
            text.append(StandardCharsets.UTF_8.decode(bytes.flip()));
        }
    }

    /** QEMU waits for it before it starts the machine, so that nothing is lost. */
    private static SocketChannel connect(Path socket) throws Exception {
        long startNs = System.nanoTime();
        while (true) {
            try {
                return SocketChannel.open(UnixDomainSocketAddress.of(socket));
            } catch (SocketException e) {
                // It does not listen yet.
                if (System.nanoTime() - startNs > DOWNLOAD_LIMIT.toNanos()) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }
    }

    @Test
    void namesAConsoleThatIsMissing() throws Exception {
        List<String> words = new ArrayList<>(WORDS);
        words.add("uk.kvm.console=virtio:0");
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tree, "q35", words, withEntropyDevice())) {
            assertEquals(2, guest.awaitEnd(), guest.console());
            assertTrue(
                    guest.console()
                            .contains(
                                    "uk.kvm.console (command line), virtio:0: the machine has no virtio console device.\nFound: pci:"),
                    guest.console());
        }
    }

    @Test
    void namesADeviceThatIsNotDeclared() throws Exception {
        List<String> words = new ArrayList<>(WORDS);
        words.add("uk.kvm.devices=net");
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tree, "q35", words, withEntropyDevice())) {
            assertEquals(2, guest.awaitEnd(), guest.console());
            assertTrue(
                    guest.console()
                            .matches(
                                    "(?s).*uk\\.kvm\\.devices \\(command line\\): pci:\\S+ is a device that is not declared: entropy\\.\n.*"),
                    guest.console());
        }
    }

    @Test
    void namesADeviceThatAKeyAsksForAndThatIsMissing() throws Exception {
        List<String> words = new ArrayList<>(WORDS);
        words.add("uk.block.device=virtio:0");
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tree, "q35", words, withEntropyDevice())) {
            assertEquals(2, guest.awaitEnd(), guest.console());
            assertTrue(
                    guest.console()
                            .contains(
                                    "uk.block.device (command line), virtio:0: the machine has no virtio blk device.\nFound: pci:"),
                    guest.console());
        }
    }

    @Test
    void startsAgainWhenTheApplianceAsksForIt() throws Exception {
        Path program = SealedTree.program(folder, GuestRestart.class);
        try (SealedMachine guest =
                SealedMachine.start(folder, kernel, program, "q35", List.of(), List.of("-action", "reboot=reset"))) {
            guest.await("Appliance - Stopped");
            guest.awaitMatch("(?s).*Appliance - Stopped.*Appliance - Stopped.*");
        }
    }

    /** A copy that is taken of a running machine and told so, as hypervisors do when they restore a snapshot. */
    @Test
    void noticesThatItWasCopied() throws Exception {
        Path state = folder.resolve("state");
        List<String> options = new ArrayList<>(withEntropyDevice());
        options.addAll(List.of("-device", "vmgenid,guid=324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87"));
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tree, "q35", WORDS, options)) {
            guest.await("Ready: ");
            assertTrue(guest.console().contains("its generation ID is watched"), guest.console());
            guest.monitor(
                    "migrate \"exec:cat > " + state + ".part && mv " + state + ".part " + state + "\"\n",
                    () -> Files.exists(state));
        }
        options.set(options.size() - 1, "vmgenid,guid=auto");
        options.addAll(List.of("-incoming", "exec:cat " + state));
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tree, "q35", WORDS, options)) {
            // It goes on by itself, since it ran when it was copied.
            guest.monitor("info status\n", () -> guest.console().contains("The machine was copied"));
        }
    }

    @Test
    void saysThatTheMachineHasNoDevice() throws Exception {
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tree, "q35", WORDS, List.of())) {
            assertEquals(2, guest.awaitEnd(), guest.console());
            assertTrue(guest.console().contains("virtio:0: the machine has no virtio net device.\n"), guest.console());
        }
    }

    @Test
    void saysThatAWordOfTheCommandLineIsWrong() throws Exception {
        List<String> words = List.of("uk.net.devise=virtio:0");
        try (SealedMachine guest = SealedMachine.start(folder, kernel, tree, "q35", words, List.of())) {
            assertEquals(2, guest.awaitEnd(), guest.console());
            assertTrue(guest.console().contains("uk.net.device"), guest.console());
        }
    }
}
