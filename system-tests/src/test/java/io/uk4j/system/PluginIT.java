package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.boot.BootImage;
import io.uk4j.boot.TreeReader;
import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Maven plugin, as a user of it meets it: in a project of one class, outside of this build. */
class PluginIT {
    private static final String IMAGE = UserProject.goal("image");
    private static final String NO_CACHE = "-Duk.image.aot=false";
    private static final String FILE = "target/hello-1-uk.img";
    private static final int LIMIT_SECONDS = 180;
    private static final int IMAGE_CODE = 123;
    private static final List<String> NETWORK =
            List.of("uk.net.device=virtio:0", "uk.net.ipv4=10.0.2.15/24", "uk.net.gateway=10.0.2.2");

    @TempDir
    static Path folder;

    private static UserProject project;
    private static @Nullable UserProject sealed;

    @BeforeAll
    static void makeImage() throws IOException {
        Requirements.commands("qemu-system-x86_64", "curl");
        project = new UserProject(folder.resolve("project"));
        project.maven("package", IMAGE, NO_CACHE).succeeded();
    }

    /** An image without a cache, in the place of what another test left. */
    private static Path image() {
        project.maven("package", IMAGE, NO_CACHE).succeeded();
        return project.file(FILE);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void saysWhatItDoesAndWhatCameOfIt() {
        project.file(FILE).toFile().delete();
        String said = project.maven("package", IMAGE, NO_CACHE).succeeded();
        for (String line : List.of(
                "\\[1/5\\] class path: 13 jars, [0-9.]+ MB; uk-platform-kvm is added; hosted, so left out: uk-platform-unix, uk-gateway \\([0-9.]+ s\\)",
                "\\[2/5\\] jdeps: [0-9]+ modules of the JDK: java.base, .*",
                "\\[3/5\\] jlink: Java 25.*",
                "\\[4/5\\] C library: [0-9]+ files of this system .*",
                "\\[5/5\\] image: [0-9.]+ MB .*",
                "Memory: [0-9]+M for the machine, of it 64M Java heap",
                "sha256  [0-9a-f]{64}  hello-1-uk.img",
                "seal    [0-9a-f]{64}",
                "There is slf4j-api but no provider of it: .*")) {
            assertTrue(
                    said.lines().anyMatch(found -> found.matches("\\[(INFO|WARNING)\\] " + line)), line + "\n" + said);
        }
        for (String beside : List.of("manifest.json", "cdx.json", "sha256")) {
            assertTrue(Files.exists(project.file("target/hello-1-uk." + beside)), beside);
        }
        assertTrue(project.maven("package", IMAGE, NO_CACHE).succeeded().contains("hello-1-uk.img is up to date."));
    }

    @Test
    void theSameSourcesGiveTheSameBytesAnywhere() throws Exception {
        UserProject other = new UserProject(folder.resolve("elsewhere/project"));
        other.maven("package", IMAGE, NO_CACHE).succeeded();
        assertEquals(-1, Files.mismatch(image(), other.file(FILE)));
        for (String beside : List.of("manifest.json", "cdx.json", "sha256")) {
            assertEquals(
                    text(project.file("target/hello-1-uk." + beside)), text(other.file("target/hello-1-uk." + beside)));
        }
    }

    /** The image's own cache: made in it, of the platform's and the drivers' classes, and of no hosted ones. The same cache gives the same bytes. */
    @Test
    void recordsItsCacheInTheImageItself() throws Exception {
        String log = "-Duk.image.jvmArguments=-Xlog:class+load";
        String said = project.maven("package", IMAGE, log).succeeded();
        assertTrue(said.matches("(?s).*\\[5/6\\] AOT cache: [0-9.]+ MB .*"), said);
        Path image = project.file(FILE);
        byte[] first = Files.readAllBytes(image);
        Path cache;
        try (var files = Files.list(project.file("target/uk"))) {
            cache = files.filter(file -> file.getFileName().toString().startsWith("aot-"))
                    .findFirst()
                    .orElseThrow();
        }
        Path given = Files.copy(cache, folder.resolve("given.aot"), StandardCopyOption.REPLACE_EXISTING);
        Files.delete(cache);
        project.maven("package", IMAGE, log, "-Duk.image.aotCache=" + given).succeeded();
        assertArrayEquals(first, Files.readAllBytes(image));
        try (SealedMachine machine = boot(image, FreePorts.next(), List.of())) {
            machine.await("\nReady\n");
            String console = machine.console();
            for (String type : List.of(
                    "io.uk4j.platform.kvm.KvmPlatform",
                    "io.uk4j.virtio.driver.VirtioNet",
                    "io.uk4j.net.tcpip.NetStack",
                    "Hello")) {
                assertTrue(
                        console.matches(
                                "(?s).*\\] " + type.replace(".", "\\.") + "[A-Za-z]* source: shared objects file\\n.*"),
                        type + "\n" + console);
            }
            assertFalse(console.matches("(?s).* io\\.uk4j\\.(platform\\.unix|gateway|vhost).*"), console);
        }
    }

    private static SealedMachine boot(Path image, int port, List<String> words) throws IOException {
        List<String> all = new ArrayList<>(NETWORK);
        all.addAll(words);
        return SealedMachine.start(
                folder,
                image,
                null,
                "q35",
                all,
                List.of(
                        "-netdev",
                        "user,id=n,hostfwd=tcp:127.0.0.1:" + port + "-:80",
                        "-device",
                        "virtio-net-pci,netdev=n"));
    }

    /** Runs the goal until the page was served, and presses Ctrl-C. */
    @Test
    void runsItUntilCtrlC() throws Exception {
        int port = FreePorts.next();
        Path log = project.file("run.log");
        Process maven = project.start(
                "run.log",
                UserProject.goal("run"),
                NO_CACHE,
                "-Duk.accel=tcg",
                "-Duk.run.ports=" + port + ":80",
                "-Duk.run.pcap=" + project.file("run.pcap"));
        try {
            await(maven, log, "Ready after ");
            assertEquals(
                    "Hello from uk4j\n",
                    Command.run("curl", "-sS", "--max-time", "15", "http://127.0.0.1:" + port + "/")
                            .succeeded());
            Command busy = project.maven(UserProject.goal("run"), NO_CACHE, "-Duk.run.ports=" + port + ":80");
            assertTrue(
                    busy.output().contains("Port " + port + " of this machine is in use (uk.run.ports). [UK202]"),
                    busy.output());
            interrupt(maven, log);
            assertTrue(Files.size(project.file("run.pcap")) > 24);
        } finally {
            maven.descendants().forEach(ProcessHandle::destroyForcibly);
            maven.destroyForcibly();
        }
    }

    private static UserProject sealed() throws IOException {
        if (sealed == null) {
            sealed = new UserProject(
                    folder.resolve("sealed"),
                    BesideTests.POM,
                    Map.of(
                            "src/test/java/PageIT.java", BesideTests.PAGE_TEST,
                            "src/main/java/Again.java", BesideTests.RESTARTING));
            sealed.takeRuntimes(project);
        }
        return sealed;
    }

    /** Boots before the integration tests, which find it ready, and ends after them; the keys of its network are sealed, and nobody says them again. */
    @Test
    void runsBesideIntegrationTests() throws Exception {
        int port = FreePorts.next();
        String said = sealed().maven(
                        "verify",
                        UserProject.goal("describe"),
                        NO_CACHE,
                        "-Duk.image.mainClass=Hello",
                        "-Duk.accel=tcg",
                        "-Duk.run.ports=" + port + ":80",
                        "-Dpage.port=" + port)
                .succeeded();
        assertTrue(
                said.matches(
                        "(?s).*--- uk:[^ ]+:start .*Ready after .*--- failsafe:[^ ]+:integration-test .*"
                                + "Tests run: 1, Failures: 0.*--- uk:[^ ]+:stop .*Stopped after .*--- failsafe:[^ ]+:verify .*"),
                said);
        assertFalse(Files.exists(sealed().file("target/uk/hello-1-uk.machine")));
        assertTrue(
                said.matches("(?s).*\\[INFO\\] Sealed configuration\n\\[INFO\\] +uk\\.kvm\\.devices +net\n.*"), said);
        describesItsSealedKeys();
    }

    /** The same keys in another image of that build, which describes itself; one of them is fixed. */
    private static void describesItsSealedKeys() throws Exception {
        Path image = sealed().file("target/hello-1-described.img");
        List<String> device = List.of("-netdev", "user,id=n", "-device", "virtio-net-pci,netdev=n");
        try (SealedMachine machine = SealedMachine.start(folder, image, null, "q35", List.of(), device)) {
            assertEquals(0, machine.awaitEnd(), machine.console());
            for (String key : List.of("uk.kvm.devices +net", "uk.net.device +virtio:0", "uk.net.ipv4 +10.0.2.15/24")) {
                assertTrue(
                        machine.console().matches("(?s).*\n +" + key + " +sealed file\n.*"),
                        key + "\n" + machine.console());
            }
        }
        List<String> other = List.of("uk.kvm.devices=any", "uk.net.ipv4=10.0.2.16/24");
        try (SealedMachine machine = SealedMachine.start(folder, image, null, "q35", other, device)) {
            assertEquals(2, machine.awaitEnd(), machine.console());
            assertTrue(
                    machine.console()
                            .contains(
                                    "uk.kvm.devices=any (command line): the image is sealed with uk.kvm.devices=net (sealed file).\n"),
                    machine.console());
        }
    }

    @Test
    void bootsAgainAnApplianceThatAsksForIt() throws Exception {
        Path log = sealed().file("again.log");
        Process maven = sealed().start(
                        "again.log",
                        UserProject.goal("run"),
                        NO_CACHE,
                        "-Duk.accel=tcg",
                        "-Duk.image.mainClass=Again",
                        "-Duk.image.classifier=again",
                        "-Duk.run.ports=" + FreePorts.next() + ":80",
                        "-Duk.run.readyTimeout=0");
        try {
            await(maven, log, "The machine restarts.");
            await(maven, log, () -> text(log).split("This life begins", -1).length > 2);
            interrupt(maven, log);
        } finally {
            maven.descendants().forEach(ProcessHandle::destroyForcibly);
            maven.destroyForcibly();
        }
    }

    @Test
    void startsOneMachineAndEndsItWithTheBuild() {
        Command twice = project.maven(
                "package",
                UserProject.goal("start"),
                UserProject.goal("start"),
                NO_CACHE,
                "-Duk.accel=tcg",
                "-Duk.run.ports=" + FreePorts.next() + ":80");
        assertEquals(1, twice.status(), twice.output());
        Matcher message = Pattern.compile(
                        "A machine of hello-1-uk runs already: process ([0-9]+), started by this Maven\\. \\[UK207\\]")
                .matcher(twice.output());
        assertTrue(message.find(), twice.output());
        assertTrue(twice.output().contains("The machine of hello-1-uk ends with the build"), twice.output());
        assertFalse(ProcessHandle.of(Long.parseLong(message.group(1)))
                .map(ProcessHandle::isAlive)
                .orElse(false));
        String nothing = project.maven(UserProject.goal("stop")).succeeded();
        assertTrue(nothing.contains("No machine of hello-1-uk runs."), nothing);
    }

    /** However Maven ends: here it has no time for anything. */
    @Test
    void noMachineOutlivesMaven() throws Exception {
        Requirements.commands("setpriv");
        Optional<ProcessHandle> machine = Optional.empty();
        Process maven = project.start(
                "killed.log",
                "package",
                UserProject.goal("start"),
                NO_CACHE,
                "-Duk.accel=tcg",
                "-Duk.run.ports=" + FreePorts.next() + ":80");
        try {
            Path log = project.file("killed.log");
            await(maven, log, () -> Files.exists(project.file("target/uk/hello-1-uk.machine")));
            // The number stays when setpriv becomes QEMU.
            Matcher pid = Pattern.compile("(?m)^pid=([0-9]+)$")
                    .matcher(Files.readString(project.file("target/uk/hello-1-uk.machine")));
            assertTrue(pid.find());
            machine = ProcessHandle.of(Long.parseLong(pid.group(1)));
            javaOf(maven).destroyForcibly();
            machine.orElseThrow().onExit().get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } finally {
            machine.ifPresent(ProcessHandle::destroyForcibly);
            maven.descendants().forEach(ProcessHandle::destroyForcibly);
            maven.destroyForcibly();
        }
    }

    private static void interrupt(Process maven, Path log) throws Exception {
        List<ProcessHandle> all = maven.descendants().toList();
        Command.run("kill", "-INT", String.valueOf(javaOf(maven).pid())).succeeded();
        assertTrue(maven.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), () -> text(log));
        assertEquals(0, maven.exitValue(), () -> text(log));
        assertTrue(text(log).contains("BUILD SUCCESS"), () -> text(log));
        assertTrue(all.stream().noneMatch(ProcessHandle::isAlive));
    }

    private static ProcessHandle javaOf(Process maven) {
        return Stream.concat(Stream.of(maven.toHandle()), maven.descendants())
                .filter(process -> process.info().command().orElse("").endsWith("/java"))
                .findFirst()
                .orElseThrow();
    }

    private static void await(Process process, Path log, String text) throws Exception {
        await(process, log, () -> text(log).contains(text));
    }

    private static void await(Process process, Path log, BooleanSupplier condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(!process.waitFor(100, TimeUnit.MILLISECONDS) && System.nanoTime() - end < 0, () -> text(log));
        }
    }

    @Test
    void printsTheLineOfQemuWhenAskedTo() {
        String said = project.maven(
                        UserProject.goal("run"),
                        NO_CACHE,
                        "-Duk.run.dryRun=true",
                        "-Duk.run.machine=microvm",
                        "-Duk.run.volumes=target/disk.img:1M",
                        "-Duk.run.ports=18080:80,18081:81/udp")
                .succeeded();
        assertTrue(
                said.matches(
                        "(?s).*qemu-system-x86_64 -M microvm .* -global virtio-mmio.force-legacy=false -kernel .*"
                                + "'boot.exit_port=0xf4 uk.net.device=virtio:0 uk.net.ipv4=10.0.2.15/24 uk.net.gateway=10.0.2.2 uk.block.device=virtio:0'.*"
                                + "hostfwd=tcp:127.0.0.1:18080-:80,hostfwd=udp:127.0.0.1:18081-:81 .*file=\\S+target/disk.img.*"),
                said);
    }

    @Test
    void describesItAsTextAndAsAPage() {
        String said = project.maven(UserProject.goal("describe"), NO_CACHE).succeeded();
        assertTrue(said.contains("io.uk4j:uk-net-tcpip:"), said);
        assertTrue(said.matches("(?s).*kernel: uk-boot +1[0-9]{2}\\.[0-9] kB.*"), said);
        assertTrue(said.contains("All files are as the manifest says."), said);
        assertTrue(text(project.file("target/uk/hello-1-uk.html")).contains("<svg "));
    }

    @Test
    void namesWhatIsWrongInThreeLines() {
        Command heap = project.maven("package", IMAGE, NO_CACHE, "-Duk.image.heap=lots");
        assertEquals(1, heap.status());
        assertTrue(heap.output().contains("""
                                uk.image.heap=lots is no size of a Java heap. [UK103]
                                [ERROR] Allowed: a number with K, M or G behind it, from 2M on.
                                [ERROR] Try: -Duk.image.heap=64M
                                """), heap.output());
        assertFalse(heap.output().contains("\tat "), heap.output());
        Command jdk = project.maven("package", IMAGE, NO_CACHE, "-Duk.image.jdk=/nowhere");
        assertTrue(jdk.output().contains("Looked at: /nowhere is no JDK."), jdk.output());
        Command early = project.maven(IMAGE, NO_CACHE);
        assertTrue(early.output().contains("hello has no jar yet. [UK101]"), early.output());
        Command qemu = project.maven(UserProject.goal("run"), NO_CACHE, "-Duk.run.qemu=/nowhere");
        assertTrue(qemu.output().contains("uk.run.qemu=/nowhere is no program. [UK201]"), qemu.output());
        String skipped = project.maven("package", IMAGE, "-Duk.skip=true").succeeded();
        assertTrue(skipped.contains("uk:image is skipped: uk.skip is true."), skipped);
    }

    /** A flipped bit of the Java runtime is refused by the goals and by the boot layer, which all name the file. */
    @Test
    void refusesADamagedImage() throws Exception {
        Path image = image();
        byte[] good = Files.readAllBytes(image);
        byte[] bad = good.clone();
        bad[indexOf(bad, "AppClassLoader".getBytes(StandardCharsets.US_ASCII))] ^= 1;
        Path damaged = Files.write(folder.resolve("damaged.img"), bad);
        String file;
        try (TreeReader tree = BootImage.openTree(damaged)) {
            file = String.valueOf(org.junit.jupiter.api.Assertions.assertThrows(RuntimeException.class, tree::verify)
                            .getMessage())
                    .split(":", 2)[0];
        }
        try (SealedMachine machine = boot(damaged, FreePorts.next(), List.of("uk.verify=sha256"))) {
            assertEquals(IMAGE_CODE, machine.awaitEnd(), machine.console());
            assertTrue(machine.console().contains("the image is damaged: the file " + file + " is"), machine.console());
        }
        Command digest = project.maven(UserProject.goal("describe"), NO_CACHE);
        digest.succeeded();
        Files.write(image, bad);
        // The image is not what its digest says, so it is made anew.
        assertTrue(project.maven(UserProject.goal("describe"), NO_CACHE)
                .succeeded()
                .contains("[5/5] image"));
        assertArrayEquals(good, Files.readAllBytes(image));
    }

    /** Each file of a sound image is as listed, and it is the image that was meant. */
    @Test
    void runsWithTheSealThatTheGoalPrints() throws Exception {
        project.file(FILE).toFile().delete();
        String said = project.maven("package", IMAGE, NO_CACHE).succeeded();
        String seal = said.lines()
                .filter(line -> line.contains(" seal "))
                .findFirst()
                .orElseThrow()
                .replaceFirst(".* ", "");
        try (SealedMachine machine = boot(project.file(FILE), FreePorts.next(), List.of("uk.verify=sha256:" + seal))) {
            machine.await("\nReady\n");
            assertTrue(
                    machine.console().matches("(?s).*boot: the SHA-256 of all [0-9]+ files is right\n.*"),
                    machine.console());
        }
        String other = seal.replace(seal.charAt(0), seal.charAt(0) == 'a' ? 'b' : 'a');
        try (SealedMachine machine = boot(project.file(FILE), FreePorts.next(), List.of("uk.verify=sha256:" + other))) {
            assertEquals(IMAGE_CODE, machine.awaitEnd(), machine.console());
            assertTrue(machine.console().contains("boot: the seal of this image is " + seal), machine.console());
        }
    }

    private static int indexOf(byte[] in, byte[] what) {
        for (int at = in.length - what.length; at >= 0; at--) {
            if (Arrays.equals(in, at, at + what.length, what, 0, what.length)) {
                return at;
            }
        }
        throw new AssertionError("not found");
    }
}
