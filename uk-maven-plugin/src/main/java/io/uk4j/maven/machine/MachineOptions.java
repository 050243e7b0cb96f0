package io.uk4j.maven.machine;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A machine to be started.
 *
 * <p>Thread rule: immutable.
 *
 * @param image what boots
 * @param tree the file tree, if it is apart
 * @param machine QEMU's name of the kind: q35, pc, microvm
 * @param accelerator kvm or tcg
 * @param cpus how many processors
 * @param memoryBytes of the machine
 * @param network user, none, or tap:NAME
 * @param ports forwarded, with network user
 * @param volumes disks, in order
 * @param pcap where frames are recorded; null for nowhere
 * @param gdbPort where QEMU's gdb stub listens; 0 for none
 * @param words of the boot command line
 * @param restarts whether a reset that the guest asks for boots it again; else that is its end
 * @param more options of QEMU
 */
public record MachineOptions(
        Path image,
        @Nullable Path tree,
        String machine,
        String accelerator,
        int cpus,
        long memoryBytes,
        String network,
        List<PortForward> ports,
        List<Volume> volumes,
        @Nullable Path pcap,
        int gdbPort,
        List<String> words,
        boolean restarts,
        List<String> more) {
    /** Whether the machine has a power button; that of QEMU's microvm leads nowhere. */
    boolean hasPowerButton() {
        return !machine.startsWith("microvm");
    }
}
