package io.uk4j.maven;

import io.uk4j.maven.image.Manifest;
import io.uk4j.maven.image.Sizes;
import io.uk4j.maven.machine.Accelerator;
import io.uk4j.maven.machine.Machine;
import io.uk4j.maven.machine.MachineOptions;
import io.uk4j.maven.machine.PortForward;
import io.uk4j.maven.machine.Qemu;
import io.uk4j.maven.machine.Volume;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/** What the goals that boot an image have in common: the parameters of its machine, and all that comes before it is started. */
@SuppressWarnings("NullAway.Init") // Maven sets the fields.
abstract class AbstractMachineMojo extends AbstractImageMojo {
    private static final int LAST_PORT = 65_535;

    /** Ports of this machine that lead to the appliance's, on 127.0.0.1, with network user: HOST:GUEST, with /udp behind it for UDP. */
    @Parameter(property = "uk.run.ports", defaultValue = "8080:80")
    private String ports;

    /** The network: user (no privilege; the appliance is 10.0.2.15, the router 10.0.2.2), tap:NAME, or none. */
    @Parameter(property = "uk.run.network", defaultValue = "user")
    private String network;

    /** Memory of the machine: a number with M or G. Default: what the image needs. */
    @Parameter(property = "uk.run.memory")
    private @Nullable String memory;

    /** How many processors. */
    @Parameter(property = "uk.run.cpus", defaultValue = "1")
    private int cpus;

    /** QEMU's kind of machine: q35, pc or microvm. */
    @Parameter(property = "uk.run.machine", defaultValue = "q35")
    private String machine;

    /** Disks, which the appliance knows as virtio:0, virtio:1 and so on: FILE, FILE:SIZE to make it if it is not there; :ro behind it protects it. */
    @Parameter(property = "uk.run.volumes")
    private @Nullable List<String> volumes;

    /** A file that gets all frames, to be read with tcpdump or Wireshark. */
    @Parameter(property = "uk.run.pcap")
    private @Nullable File pcap;

    /** Whether QEMU's gdb stub listens. The machine does not wait for it. */
    @Parameter(property = "uk.run.gdb", defaultValue = "false")
    private boolean gdb;

    /** Where the gdb stub listens, on 127.0.0.1. */
    @Parameter(property = "uk.run.gdbPort", defaultValue = "1234")
    private int gdbPort;

    /** How many seconds the appliance may take to answer on the first forwarded TCP port; 0 does not look. */
    @Parameter(property = "uk.run.readyTimeout", defaultValue = "120")
    protected int readyTimeout;

    /** Keys for the boot command line, such as "uk.sched.spin=0 uk.net.ipv4=10.0.2.16/24". */
    @Parameter(property = "uk.run.keys", defaultValue = "")
    private @Nullable String keys;

    /** sha256 makes the boot layer check each file before it starts; sha256:SEAL, with the seal that uk:image prints, holds against an attacker too. */
    @Parameter(property = "uk.verify")
    private @Nullable String verify;

    /**
     * A machine that can be started.
     *
     * @param program that runs it
     * @param options of it
     */
    record Prepared(Qemu program, MachineOptions options) {
        /** The port whose answer tells that the appliance is ready: the first of TCP that is forwarded. */
        Optional<PortForward> first() {
            return options.ports().stream().filter(forward -> !forward.udp()).findFirst();
        }
    }

    /**
     * Makes the image unless it is current, checks it, and says what it will run on.
     *
     * @param listens whether ports of this machine are needed now
     */
    final Prepared prepare(boolean listens) throws IOException, InterruptedException {
        Qemu program = qemu();
        checkMachine();
        List<PortForward> forwards = network.equals("user") ? PortForward.parse(ports) : List.of();
        if (listens) {
            forwards.forEach(PortForward::checkFree);
            checkGdbPort();
        }
        Manifest manifest = image();
        Verification.check(outputs());
        Accelerator accelerator = Accelerator.choose(accel, program, outputs().work());
        MachineOptions options = options(manifest, forwards, accelerator.name());
        getLog().info("QEMU " + program.version() + ", " + accelerator.name() + " (" + accelerator.reason() + "), "
                + machine + ", " + cpus + (cpus == 1 ? " processor, " : " processors, ")
                + Sizes.mebibytes(options.memoryBytes()));
        if (gdb && listens) {
            getLog().info("gdb: target remote 127.0.0.1:" + gdbPort);
        }
        return new Prepared(program, options);
    }

    /** Says that the machine restarts, as the appliance may ask for. */
    final void restarted() {
        getLog().info("The machine restarts.");
    }

    /** Says that the appliance is ready. */
    final void ready(PortForward first, long started, String more) {
        getLog().info(String.format(
                Locale.ROOT,
                "Ready after %.1f s: 127.0.0.1:%d leads to its port %d. %s",
                (System.nanoTime() - started) / 1e9,
                first.host(),
                first.guest(),
                more));
    }

    /** What to say of an appliance that does not answer. */
    final Problem late(String seen) {
        return new Problem(
                ProblemCode.UK204,
                "The appliance does not answer on its first port after " + readyTimeout + " s.",
                "uk.run.readyTimeout is how many seconds it may take; 0 does not look. " + seen,
                "-Duk.run.readyTimeout=" + 2 * readyTimeout);
    }

    /** What to say of an appliance that ended, and should not have. */
    static Problem ended(Machine machine, String seen) {
        if (machine.isLooping()) {
            return new Problem(
                    ProblemCode.UK205,
                    "The machine restarted " + Machine.RESTART_LIMIT + ", and was switched off.",
                    "A restart is the appliance's to ask for; a fault in the boot layer looks the same. " + seen,
                    "docs/boot.md#ends");
        }
        return new Problem(
                ProblemCode.UK205,
                "The appliance ended with code " + machine.code() + '.',
                "0 is a good end; 1 and 2 are the application's; 119 to 123 the boot layer's. " + seen,
                "docs/boot.md#ends");
    }

    private MachineOptions options(Manifest manifest, List<PortForward> forwards, String accelerator)
            throws IOException {
        List<Volume> disks = new ArrayList<>();
        for (String volume : volumes == null ? List.<String>of() : volumes) {
            disks.add(Volume.open(volume, project.getBasedir().toPath()));
        }
        Outputs outputs = outputs();
        Path tree = outputs.tree();
        return new MachineOptions(
                outputs.image(),
                Files.exists(tree) ? tree : null,
                machine,
                accelerator,
                cpus,
                memoryBytes(manifest),
                network,
                forwards,
                disks,
                pcap == null ? null : pcap.toPath(),
                gdb ? gdbPort : 0,
                new BootWords(manifest, keys, network, !disks.isEmpty(), verify).list(),
                // Without ACPI a machine cannot be powered off, and a reset is how it ends.
                !machine.contains("acpi=off"),
                List.of());
    }

    private long memoryBytes(Manifest manifest) {
        if (memory == null) {
            return manifest.memory().neededBytes();
        }
        try {
            return Sizes.parse(memory);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new Problem(
                    ProblemCode.UK103,
                    "uk.run.memory=" + memory + " is no size.",
                    "Allowed: a number with M or G behind it; the image needs "
                            + Sizes.mebibytes(manifest.memory().neededBytes()) + '.',
                    "-Duk.run.memory=" + Sizes.mebibytes(manifest.memory().neededBytes()));
        }
    }

    private void checkMachine() {
        if (!machine.matches("(q35|pc|microvm)(,.*)?")) {
            throw new Problem(
                    ProblemCode.UK103,
                    "uk.run.machine=" + machine + " is none that images were run on.",
                    "Allowed: q35, pc, microvm.",
                    "-Duk.run.machine=q35");
        }
        if (!network.matches("user|none|tap:[^,\\s]{1,15}")) {
            throw new Problem(
                    ProblemCode.UK103,
                    "uk.run.network=" + network + " is none.",
                    "Allowed: user, none, tap:NAME.",
                    "-Duk.run.network=user");
        }
        if (pcap != null && (network.equals("none") || pcap.getPath().indexOf(',') >= 0)) {
            throw new Problem(
                    ProblemCode.UK103,
                    "uk.run.pcap=" + pcap
                            + (network.equals("none")
                                    ? ": the machine has no network (uk.run.network)."
                                    : " has a comma in its path, which QEMU's options cannot have."),
                    "Allowed: a file, with uk.run.network=user or tap:NAME.",
                    "-Duk.run.pcap=target/frames.pcap");
        }
        if (cpus < 1 || cpus > 64) {
            throw new Problem(
                    ProblemCode.UK103, "uk.run.cpus=" + cpus + " cannot be.", "Allowed: 1 to 64.", "-Duk.run.cpus=2");
        }
    }

    private void checkGdbPort() {
        if (!gdb) {
            return;
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), gdbPort));
        } catch (IOException | IllegalArgumentException e) {
            throw new Problem(
                    ProblemCode.UK202,
                    "Port " + gdbPort + " for gdb cannot be used (uk.run.gdbPort): " + e.getMessage() + '.',
                    "Allowed: a port of 1 to " + LAST_PORT + " that nobody listens on.",
                    "-Duk.run.gdbPort=" + (gdbPort + 1));
        }
    }
}
