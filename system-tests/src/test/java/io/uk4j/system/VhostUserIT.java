package io.uk4j.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Appliances whose network is a virtio device of another process: our own switch, and DPDK's testpmd. */
class VhostUserIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Path IPXE = Path.of("/boot/ipxe.lkrn");

    @TempDir
    private Path folder;

    @BeforeEach
    void require() {
        Requirements.tap("curl", "nc", "dpdk-testpmd");
    }

    private ApplianceProcess appliance(String example, String socket, String address) {
        return ApplianceProcess.start(
                UnaryOperator.identity(),
                example,
                List.of("uk.net.device=vhost-user:" + folder.resolve(socket), "uk.net.ipv4=" + address));
    }

    private ApplianceProcess vswitch(Netns netns) {
        ApplianceProcess vswitch = ApplianceProcess.start(
                netns::inside,
                "vswitch",
                List.of(
                        "uk.vswitch.ports=vhost-user-backend:" + folder.resolve("a.sock") + ",vhost-user-backend:"
                                + folder.resolve("b.sock") + ",tap:uk0",
                        "uk.tap.offload=false"));
        netns.run("ip", "addr", "add", "10.9.0.1/24", "dev", "uk0").succeeded();
        netns.run("ip", "link", "set", "uk0", "up").succeeded();
        return vswitch;
    }

    private static boolean isServed(Netns netns, String address) {
        return netns.run("curl", "-s", "-m", "3", "http://" + address + "/")
                .output()
                .contains("<!doctype html>");
    }

    private static boolean isEchoed(Netns netns, String address) {
        return netns.run("sh", "-c", "echo over and out | timeout 3 nc -q1 " + address + " 7")
                .output()
                .contains("over and out");
    }

    @Test
    void twoAppliancesAndTheKernelSpeakThroughTheSwitchAndAgainAfterItWasKilled() {
        try (Netns netns = new Netns()) {
            ApplianceProcess vswitch = vswitch(netns);
            try (vswitch;
                    ApplianceProcess hello = appliance("hello-http", "a.sock", "10.9.0.2/24");
                    ApplianceProcess inetd = appliance("inetd", "b.sock", "10.9.0.3/24")) {
                hello.await("hello-http is reached", LIMIT, () -> isServed(netns, "10.9.0.2"));
                inetd.await("inetd is reached", LIMIT, () -> isEchoed(netns, "10.9.0.3"));
                vswitch.kill();
                hello.await("the loss is noticed", LIMIT, () -> hello.log().contains("is started again"));
                try (ApplianceProcess _ = vswitch(netns)) {
                    hello.await("hello-http is reached again", LIMIT, () -> isServed(netns, "10.9.0.2"));
                    inetd.await("inetd is reached again", LIMIT, () -> isEchoed(netns, "10.9.0.3"));
                }
            }
        }
    }

    /** The guest is a boot loader with a network stack and a virtio driver of its own. */
    @Test
    void aGuestOfQemuReachesAnApplianceThroughTheSwitch() throws Exception {
        Requirements.commands("qemu-system-x86_64");
        Requirements.file(IPXE, "Debian's ipxe");
        Path script = folder.resolve("fetch.ipxe");
        Files.writeString(script, """
                #!ipxe
                ifopen net0
                set net0/ip 10.9.0.9
                set net0/netmask 255.255.255.0
                imgfetch --name page http://10.9.0.2/ && imgstat || echo It cannot be fetched.
                """);
        Path serial = folder.resolve("serial");
        try (Netns netns = new Netns();
                ApplianceProcess _ = vswitch(netns);
                ApplianceProcess hello = appliance("hello-http", "b.sock", "10.9.0.2/24")) {
            hello.await("hello-http is reached", LIMIT, () -> isServed(netns, "10.9.0.2"));
            Process guest = guest(script, serial);
            try {
                Pattern fetched = Pattern.compile("page : (\\d+) bytes");
                hello.await(
                        "the guest has fetched the page",
                        LIMIT,
                        () -> fetched.matcher(text(serial)).find() || !guest.isAlive());
                Matcher bytes = fetched.matcher(text(serial));
                assertTrue(bytes.find(), () -> text(serial) + text(folder.resolve("qemu.log")));
                assertTrue(Integer.parseInt(bytes.group(1)) > 1000, bytes.group());
            } finally {
                guest.destroyForcibly();
                assertTrue(guest.waitFor(20, TimeUnit.SECONDS));
            }
        }
    }

    private Process guest(Path script, Path serial) throws IOException {
        Process guest = new ProcessBuilder(
                        "qemu-system-x86_64",
                        "-accel",
                        "tcg",
                        "-m",
                        "256",
                        "-object",
                        "memory-backend-memfd,id=mem,size=256M,share=on",
                        "-numa",
                        "node,memdev=mem",
                        "-chardev",
                        "socket,id=c,path=" + folder.resolve("a.sock"),
                        "-netdev",
                        "vhost-user,id=n,chardev=c",
                        "-device",
                        "virtio-net-pci,netdev=n,romfile=",
                        "-kernel",
                        IPXE.toString(),
                        "-initrd",
                        script.toString(),
                        "-nographic",
                        "-no-reboot",
                        "-monitor",
                        "none",
                        "-serial",
                        "file:" + serial)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("qemu.log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(guest::destroyForcibly));
        return guest;
    }

    @Test
    void theKernelReachesAnApplianceThroughTestpmd() throws Exception {
        try (Netns netns = new Netns()) {
            Process testpmd = testpmd(netns);
            try {
                for (int i = 0; i < 600 && !Files.exists(folder.resolve("net.sock")); i++) {
                    assertTrue(testpmd.isAlive(), () -> text(folder.resolve("testpmd.log")));
                    TimeUnit.MILLISECONDS.sleep(50);
                }
                try (ApplianceProcess hello = appliance("hello-http", "net.sock", "10.9.1.2/24")) {
                    netns.run("ip", "addr", "add", "10.9.1.1/24", "dev", "dtap0")
                            .succeeded();
                    netns.run("ip", "link", "set", "dtap0", "up").succeeded();
                    hello.await("hello-http is reached", LIMIT, () -> isServed(netns, "10.9.1.2"));
                }
            } finally {
                testpmd.destroyForcibly();
                assertTrue(testpmd.waitFor(20, TimeUnit.SECONDS));
            }
        }
    }

    private static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            return e.toString();
        }
    }

    private Process testpmd(Netns netns) throws IOException {
        List<String> line = List.of(
                "dpdk-testpmd",
                "--no-huge",
                "-m",
                "256",
                "--no-pci",
                "--no-telemetry",
                "--file-prefix=" + netns.name(),
                "--lcores",
                "0@0,1@0",
                "--vdev",
                "net_tap0,iface=dtap0",
                "--vdev",
                "net_vhost0,iface=" + folder.resolve("net.sock") + ",queues=1",
                "--",
                "-i",
                "--nb-cores=1",
                "--no-mlockall",
                "--total-num-mbufs=4096",
                "--forward-mode=io",
                "--auto-start");
        return new ProcessBuilder(netns.inside(line))
                .redirectErrorStream(true)
                .redirectOutput(Redirect.to(folder.resolve("testpmd.log").toFile()))
                .start();
    }

    @Test
    void aSocketThatNobodyListensAtIsNamedWithWhatToDo() {
        try (ApplianceProcess hello = ApplianceProcess.launch(
                UnaryOperator.identity(),
                "hello-http",
                List.of("uk.net.device=vhost-user:" + folder.resolve("none"), "uk.net.ipv4=10.9.0.2/24"))) {
            assertEquals(2, hello.awaitExit(LIMIT));
            assertTrue(hello.log().contains("Try: start the other side first"), hello.log());
        }
    }
}
