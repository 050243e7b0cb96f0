package io.uk4j.maven.machine;

import io.uk4j.maven.image.Sizes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The command line of QEMU for a machine. */
final class CommandLine {
    private static final String EXIT_PORT = "0xf4";
    private static final String TAP = "tap:";

    private CommandLine() {}

    /**
     * Makes it.
     *
     * @param qemu the program
     * @param options of the machine
     * @param monitor where QMP listens, a Unix socket; null for nowhere
     * @param console QEMU's name of where the console goes
     */
    static List<String> of(Qemu qemu, MachineOptions options, @Nullable Path monitor, String console) {
        boolean mmio = options.machine().startsWith("microvm");
        List<String> line = new ArrayList<>(List.of(
                qemu.program().toString(),
                "-M",
                options.machine(),
                "-accel",
                options.accelerator().equals("tcg") ? "tcg,thread=multi" : options.accelerator(),
                "-cpu",
                options.accelerator().equals("tcg") ? "max" : "host",
                "-smp",
                String.valueOf(options.cpus()),
                "-m",
                Sizes.mebibytes(options.memoryBytes()),
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-serial",
                console));
        if (!options.restarts()) {
            line.add("-no-reboot");
        }
        if (mmio) {
            line.addAll(List.of("-global", "virtio-mmio.force-legacy=false"));
        }
        line.addAll(List.of("-kernel", options.image().toString()));
        if (options.tree() != null) {
            line.addAll(List.of("-initrd", options.tree().toString()));
        }
        line.addAll(List.of("-append", String.join(" ", words(options))));
        line.addAll(List.of("-device", "isa-debug-exit,iobase=" + EXIT_PORT + ",iosize=0x04"));
        if (monitor != null) {
            line.addAll(List.of("-qmp", "unix:" + monitor + ",server=on,wait=off"));
        }
        addNetwork(line, options, mmio);
        int number = 0;
        for (Volume volume : options.volumes()) {
            String id = "disk" + number++;
            line.addAll(List.of(
                    "-drive",
                    "if=none,format=raw,id=" + id + ",file=" + volume.file()
                            + (volume.readOnly() ? ",readonly=on" : ""),
                    "-device",
                    (mmio ? "virtio-blk-device" : "virtio-blk-pci") + ",drive=" + id));
        }
        if (options.gdbPort() != 0) {
            line.addAll(List.of("-gdb", "tcp:127.0.0.1:" + options.gdbPort()));
        }
        line.addAll(options.more());
        return List.copyOf(line);
    }

    private static List<String> words(MachineOptions options) {
        List<String> words = new ArrayList<>(List.of("boot.exit_port=" + EXIT_PORT));
        words.addAll(options.words());
        return words;
    }

    private static void addNetwork(List<String> line, MachineOptions options, boolean mmio) {
        if (options.network().equals("none")) {
            return;
        }
        StringBuilder net = new StringBuilder();
        if (options.network().startsWith(TAP)) {
            net.append("tap,id=net0,script=no,downscript=no,ifname=")
                    .append(options.network().substring(TAP.length()));
        } else {
            net.append("user,id=net0");
            options.ports().forEach(port -> net.append(',').append(port.option()));
        }
        line.addAll(List.of(
                "-netdev",
                net.toString(),
                "-device",
                (mmio ? "virtio-net-device" : "virtio-net-pci") + ",netdev=net0"));
        if (options.pcap() != null) {
            line.addAll(List.of("-object", "filter-dump,id=pcap0,netdev=net0,file=" + options.pcap()));
        }
    }
}
