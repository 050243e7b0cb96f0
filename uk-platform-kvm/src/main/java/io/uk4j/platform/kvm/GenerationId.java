package io.uk4j.platform.kvm;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.uk4j.core.PlatformException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The identifier that the hypervisor changes when it takes the machine back to an earlier state or makes another of it ("Virtual Machine
 * Generation ID", Microsoft, 2012): 128 bits in memory that firmware set aside.
 *
 * <p>Where they are, code of ACPI computes. It is not interpreted: QEMU (docs/specs/vmgenid) has in the SSDT of the device QEMUVGID a constant
 * VGIA with the address of the page, in which they are at 40, and that constant is what is looked for.
 *
 * <p>Thread rule: for one thread at a time.
 */
final class GenerationId {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationId.class);

    static final long BYTES = 16;

    private static final byte[] DEVICE = "QEMUVGID".getBytes(StandardCharsets.US_ASCII);

    /** A name is given (ACPI 6.5, section 20.2.5.1) to a constant of 32 bits (section 20.2.3). */
    private static final byte[] CONSTANT = {0x08, 'V', 'G', 'I', 'A', 0x0c};

    private static final long OFFSET = 40;
    private static final long NO_ADDRESS = 0xffff_ffffL;

    private final MemorySegment place;
    private final byte[] seen;

    private GenerationId(MemorySegment place) {
        this.place = place;
        seen = read();
    }

    /**
     * The machine's identifier, if it has one.
     *
     * @param memory gives the memory at a physical address, with as many bytes as asked for
     */
    static Optional<GenerationId> find(AcpiTables tables, BiFunction<Long, Long, MemorySegment> memory) {
        for (AcpiTables.Table table : tables.all("SSDT")) {
            int at = indexOf(table.bytes(), CONSTANT);
            if (at >= 0 && indexOf(table.bytes(), DEVICE) >= 0) {
                long page = table.number(at + CONSTANT.length, 4);
                return page == 0 || page == NO_ADDRESS ? Optional.empty() : at(page + OFFSET, memory);
            }
        }
        return Optional.empty();
    }

    private static Optional<GenerationId> at(long address, BiFunction<Long, Long, MemorySegment> memory) {
        try {
            return Optional.of(new GenerationId(memory.apply(address, BYTES)));
        } catch (PlatformException e) {
            LOG.warn("The machine's generation ID cannot be read: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static int indexOf(ByteBuffer bytes, byte[] wanted) {
        for (int at = 0; at + wanted.length <= bytes.limit(); at++) {
            if (bytes.get(at) == wanted[0] && bytes.slice(at, wanted.length).equals(ByteBuffer.wrap(wanted))) {
                return at;
            }
        }
        return -1;
    }

    private byte[] read() {
        ByteBuffer value = ByteBuffer.allocate((int) BYTES);
        value.putLong(place.get(JAVA_LONG_UNALIGNED, 0)).putLong(place.get(JAVA_LONG_UNALIGNED, Long.BYTES));
        return value.array();
    }

    /** What it was when it was last looked at. */
    byte[] value() {
        return seen.clone();
    }

    /** Whether it is another than when it was last looked at. */
    boolean hasChanged() {
        byte[] now = read();
        boolean changed = !Arrays.equals(now, seen);
        System.arraycopy(now, 0, seen, 0, now.length);
        return changed;
    }
}
