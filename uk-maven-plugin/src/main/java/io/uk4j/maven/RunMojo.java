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
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.apache.maven.plugins.annotations.Execute;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.plugins.annotations.ResolutionScope;
import org.jspecify.annotations.Nullable;

/**
 * Boots the image under QEMU, with its console on the terminal, until it ends or Ctrl-C is pressed. Makes the image first unless it is current.
 */
@Mojo(name = "run", requiresDependencyResolution = ResolutionScope.RUNTIME, threadSafe = true)
@Execute(phase = LifecyclePhase.PACKAGE)
@SuppressWarnings("NullAway.Init") // Maven sets the fields.
public final class RunMojo extends AbstractImageMojo {
    private static final long GRACE_MS = 1500;
    private static final long LOOK_MS = 100;
    private static final int LAST_PORT = 65_535;

    /** Skips this goal. */
    @Parameter(property = "uk.run.skip", defaultValue = "false")
    private boolean skip;

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

    /** The QEMU to be used. Default: on the PATH, then where systems keep it. */
    @Parameter(property = "uk.run.qemu")
    private @Nullable File qemu;

    /** Prints QEMU's command line, and does not run it. */
    @Parameter(property = "uk.run.dryRun", defaultValue = "false")
    private boolean dryRun;

    /** How many seconds the appliance may take to answer on the first forwarded TCP port; 0 does not look. */
    @Parameter(property = "uk.run.readyTimeout", defaultValue = "120")
    private int readyTimeout;

    /** Keys for the boot command line, such as "uk.sched.spin=0 uk.net.ipv4=10.0.2.16/24". */
    @Parameter(property = "uk.run.keys", defaultValue = "")
    private @Nullable String keys;

    /** sha256 makes the boot layer check each file before it starts; sha256:SEAL, with the seal that uk:image prints, holds against an attacker too. */
    @Parameter(property = "uk.verify")
    private @Nullable String verify;

    /** For Maven. */
    public RunMojo() {}

    @Override
    boolean skip() {
        return skip;
    }

    @Override
    void work() throws IOException, InterruptedException {
        Qemu program = Qemu.find(qemu == null ? null : qemu.toPath());
        checkMachine();
        List<PortForward> forwards = network.equals("user") ? PortForward.parse(ports) : List.of();
        if (!dryRun) {
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
        String line =
                Machine.line(program, options).stream().map(RunMojo::quote).collect(Collectors.joining(" "));
        if (dryRun) {
            getLog().info(line);
            return;
        }
        getLog().debug(line);
        if (gdb) {
            getLog().info("gdb: target remote 127.0.0.1:" + gdbPort);
        }
        boot(program, options, forwards);
    }

    private void boot(Qemu program, MachineOptions options, List<PortForward> forwards)
            throws IOException, InterruptedException {
        AtomicBoolean asked = new AtomicBoolean();
        long started = System.nanoTime();
        // The terminal itself, as a console is not log lines. It stays open: it is Maven's.
        @SuppressWarnings("resource")
        FileOutputStream terminal = new FileOutputStream(FileDescriptor.out);
        try (Interrupts interrupts = Interrupts.to(() -> asked.set(true));
                Machine booted = Machine.start(program, options, terminal)) {
            Thread watch = watch(booted, forwards, started);
            while (!booted.awaitEnd(LOOK_MS) && !asked.get() && !tooLate(booted, forwards, started, watch)) {
                // Until one of them.
            }
            if (asked.get() && booted.isRunning()) {
                getLog().info("Stopping, as asked by " + interrupts.name());
                booted.pressPowerButton();
                if (!booted.awaitEnd(GRACE_MS)) {
                    getLog().info("It did not stop within " + GRACE_MS + " ms, and was switched off.");
                }
            } else if (!booted.isRunning() && booted.code() != 0) {
                throw new Problem(
                        ProblemCode.UK205,
                        "The appliance ended with code " + booted.code() + '.',
                        "0 is a good end; 1 and 2 are the application's; 119 to 123 the boot layer's.",
                        "docs/boot.md#ends, and the lines above");
            }
        }
    }

    private boolean tooLate(Machine booted, List<PortForward> forwards, long started, Thread watch) {
        boolean looks = readyTimeout > 0 && forwards.stream().anyMatch(forward -> !forward.udp());
        if (looks
                && booted.isRunning()
                && watch.isAlive()
                && System.nanoTime() - started > readyTimeout * 1_000_000_000L) {
            throw new Problem(
                    ProblemCode.UK204,
                    "The appliance does not answer on its first port after " + readyTimeout + " s.",
                    "uk.run.readyTimeout is how many seconds it may take; 0 does not look.",
                    "-Duk.run.readyTimeout=" + 2 * readyTimeout + ", and the lines above");
        }
        return false;
    }

    /** Says when the appliance answers. */
    private Thread watch(Machine booted, List<PortForward> forwards, long started) {
        Thread watch = new Thread(
                () -> forwards.stream()
                        .filter(forward -> !forward.udp())
                        .findFirst()
                        .ifPresent(first -> {
                            try {
                                if (booted.awaitListening(first.host(), readyTimeout * 1000L)) {
                                    getLog().info(String.format(
                                            Locale.ROOT,
                                            "Ready after %.1f s: 127.0.0.1:%d leads to its port %d. Ctrl-C stops it.",
                                            (System.nanoTime() - started) / 1e9,
                                            first.host(),
                                            first.guest()));
                                }
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        }),
                "uk-ready");
        watch.setDaemon(true);
        watch.start();
        return watch;
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

    private static String quote(String word) {
        return word.matches("[\\w@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + '\'';
    }
}
