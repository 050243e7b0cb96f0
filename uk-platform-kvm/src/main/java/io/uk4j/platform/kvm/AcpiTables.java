package io.uk4j.platform.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.uk4j.core.PlatformException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * The tables of ACPI 6.5, section 5.2, of which this platform makes use. They are the firmware's word: a table whose length or checksum is
 * wrong, or that lies where no table can be, is as good as none. Of more tables than there can be of use, those that come first count.
 *
 * <p>Thread rule: immutable.
 */
final class AcpiTables {
    private static final int ROOT_BYTES = 36;
    private static final int HEADER_BYTES = 36;
    private static final int TABLE_LIMIT = 1 << 20;
    private static final long ADDRESS_LIMIT = 1L << 52;

    /** How many entries of the list are looked at, and how many bytes all tables may have that are kept. */
    static final int LIST_LIMIT = 256;

    private static final int TOTAL_LIMIT = 4 << 20;

    private static final Set<String> LISTS = Set.of("RSDT", "XSDT");
    private static final Set<String> LISTED = Set.of("FACP", "MCFG", "SSDT");
    private static final Set<String> CODE = Set.of("DSDT");

    private final List<Table> tables = new ArrayList<>();
    private final BiFunction<Long, Long, MemorySegment> memory;
    private int bytesLeft = TOTAL_LIMIT;

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

    private AcpiTables(BiFunction<Long, Long, MemorySegment> memory) {
        this.memory = memory;
    }

    /**
     * Reads the tables.
     *
     * @param root physical address of the root pointer, or 0
     * @param memory gives the memory at a physical address, with as many bytes as asked for, or throws a {@link PlatformException}
     */
    static AcpiTables read(long root, BiFunction<Long, Long, MemorySegment> memory) {
        AcpiTables tables = new AcpiTables(memory);
        tables.copy(root, ROOT_BYTES).ifPresent(tables::readAll);
        return tables;
    }

    private void readAll(ByteBuffer pointer) {
        if (!text(pointer, 8).equals("RSD PTR ")) {
            return;
        }
        boolean wide = pointer.get(15) >= 2 && pointer.getLong(24) != 0;
        long listAddress = wide ? pointer.getLong(24) : Integer.toUnsignedLong(pointer.getInt(16));
        int width = wide ? 8 : 4;
        table(listAddress, LISTS).ifPresent(list -> {
            int end = Math.min(list.bytes().limit(), HEADER_BYTES + LIST_LIMIT * width);
            for (int at = HEADER_BYTES; at + width <= end; at += width) {
                table(list.number(at, width), LISTED).ifPresent(tables::add);
            }
        });
        // The DSDT is not in the list: the FADT has its address, as 64 bits or as 32.
        find("FACP")
                .flatMap(fadt -> table(fadt.number(140, 8) != 0 ? fadt.number(140, 8) : fadt.number(40, 4), CODE))
                .ifPresent(tables::add);
    }

    /** The table at an address, if it is one of these, and sound. */
    private Optional<Table> table(long address, Set<String> signatures) {
        return copy(address, HEADER_BYTES)
                .filter(header -> signatures.contains(text(header, 4)))
                .map(header -> header.getInt(4))
                .filter(bytes -> bytes >= HEADER_BYTES && bytes <= Math.min(TABLE_LIMIT, bytesLeft))
                .flatMap(bytes -> copy(address, bytes))
                .filter(AcpiTables::isSound)
                .map(bytes -> {
                    bytesLeft -= bytes.limit();
                    return new Table(text(bytes, 4), bytes);
                });
    }

    private static boolean isSound(ByteBuffer table) {
        byte sum = 0;
        for (int i = 0; i < table.limit(); i++) {
            sum += table.get(i);
        }
        return sum == 0;
    }

    private static String text(ByteBuffer bytes, int count) {
        byte[] text = new byte[count];
        bytes.get(0, text);
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    /** Memory that may be read, copied so that nobody changes it any more. */
    private Optional<ByteBuffer> copy(long address, int bytes) {
        if (address <= 0 || address > ADDRESS_LIMIT - bytes) {
            return Optional.empty();
        }
        try {
            byte[] copy = memory.apply(address, (long) bytes).asSlice(0, bytes).toArray(JAVA_BYTE);
            return Optional.of(ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN));
        } catch (PlatformException _) {
            return Optional.empty(); // the boot layer's own memory, where no firmware has a table
        }
    }

    /** The first table of a signature. */
    Optional<Table> find(String signature) {
        return all(signature).stream().findFirst();
    }

    /** All tables of a signature, in the order of the list. */
    List<Table> all(String signature) {
        return tables.stream()
                .filter(table -> table.signature().equals(signature))
                .toList();
    }
}
