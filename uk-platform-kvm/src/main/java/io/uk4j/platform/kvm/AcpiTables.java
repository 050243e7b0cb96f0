package io.uk4j.platform.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The tables of ACPI 6.5, section 5.2. They are the firmware's word: a table whose length or checksum is wrong is as good as none.
 *
 * <p>Thread rule: immutable.
 */
final class AcpiTables {
    private static final int ROOT_BYTES = 36;
    private static final int HEADER_BYTES = 36;
    private static final int TABLE_LIMIT = 1 << 20;

    private final List<Table> tables;

    /** A table: its signature, and all of its bytes, header included. */
    record Table(String signature, ByteBuffer bytes) {
        /** An unsigned number of 1, 2, 4 or 8 bytes; 0 where the table ends before it. */
        long number(int offset, int width) {
            if (offset + width > bytes.limit()) {
                return 0;
            }
            return switch (width) {
                case 1 -> bytes.get(offset) & 0xff;
                case 2 -> bytes.getShort(offset) & 0xffff;
                case 4 -> Integer.toUnsignedLong(bytes.getInt(offset));
                default -> bytes.getLong(offset);
            };
        }
    }

    private AcpiTables(List<Table> tables) {
        this.tables = List.copyOf(tables);
    }

    /**
     * Reads all tables.
     *
     * @param root physical address of the root pointer, or 0
     * @param memory gives the memory at a physical address, with as many bytes as asked for
     */
    static AcpiTables read(long root, BiFunction<Long, Long, MemorySegment> memory) {
        List<Table> found = new ArrayList<>();
        if (root == 0) {
            return new AcpiTables(found);
        }
        ByteBuffer pointer = copy(memory.apply(root, (long) ROOT_BYTES), ROOT_BYTES);
        byte[] signature = new byte[8];
        pointer.get(0, signature);
        if (!new String(signature, StandardCharsets.ISO_8859_1).equals("RSD PTR ")) {
            return new AcpiTables(found);
        }
        boolean wide = pointer.get(15) >= 2 && pointer.getLong(24) != 0;
        long listAddress = wide ? pointer.getLong(24) : Integer.toUnsignedLong(pointer.getInt(16));
        int width = wide ? 8 : 4;
        table(listAddress, memory).ifPresent(list -> {
            for (int at = HEADER_BYTES; at + width <= list.bytes().limit(); at += width) {
                table(list.number(at, width), memory).ifPresent(found::add);
            }
        });
        AcpiTables listed = new AcpiTables(found);
        // The DSDT is not in the list: the FADT has its address, as 64 bits or as 32.
        listed.find("FACP")
                .flatMap(fadt -> table(fadt.number(140, 8) != 0 ? fadt.number(140, 8) : fadt.number(40, 4), memory))
                .ifPresent(found::add);
        return new AcpiTables(found);
    }

    private static Optional<Table> table(long address, BiFunction<Long, Long, MemorySegment> memory) {
        if (address <= 0) {
            return Optional.empty();
        }
        int bytes =
                copy(memory.apply(address, (long) HEADER_BYTES), HEADER_BYTES).getInt(4);
        if (bytes < HEADER_BYTES || bytes > TABLE_LIMIT) {
            return Optional.empty();
        }
        ByteBuffer copy = copy(memory.apply(address, (long) bytes), bytes);
        byte sum = 0;
        for (int i = 0; i < bytes; i++) {
            sum += copy.get(i);
        }
        byte[] signature = new byte[4];
        copy.get(0, signature);
        return sum == 0
                ? Optional.of(new Table(new String(signature, StandardCharsets.ISO_8859_1), copy))
                : Optional.empty();
    }

    private static ByteBuffer copy(MemorySegment segment, int bytes) {
        return ByteBuffer.wrap(segment.asSlice(0, bytes).toArray(JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The first table of a signature. */
    Optional<Table> find(String signature) {
        return tables.stream()
                .filter(table -> table.signature().equals(signature))
                .findFirst();
    }
}
