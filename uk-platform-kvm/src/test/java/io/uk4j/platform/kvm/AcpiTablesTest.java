package io.uk4j.platform.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AcpiTablesTest {
    private static final long ROOT = 0xf5000;

    private final ModelBoot boot = new ModelBoot();

    /** What a machine with these tables shows. */
    static AcpiTables tables(ModelBoot boot, byte[]... tables) {
        root(boot, true, tables);
        return read(boot);
    }

    /** A table with a right checksum. */
    static byte[] table(String signature, byte[] content) {
        byte[] table = new byte[36 + content.length];
        ByteBuffer.wrap(table)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(signature.getBytes(StandardCharsets.US_ASCII))
                .putInt(table.length);
        System.arraycopy(content, 0, table, 36, content.length);
        byte sum = 0;
        for (byte b : table) {
            sum += b;
        }
        table[9] = (byte) -sum;
        return table;
    }

    private static void root(ModelBoot boot, boolean wide, byte[]... tables) {
        ByteBuffer list = ByteBuffer.allocate(tables.length * (wide ? 8 : 4)).order(ByteOrder.LITTLE_ENDIAN);
        long at = 0x7fe0000;
        for (byte[] table : tables) {
            boot.physical.put(at, table);
            if (wide) {
                list.putLong(at);
            } else {
                list.putInt((int) at);
            }
            at += table.length + 17;
        }
        boot.physical.put(at, table(wide ? "XSDT" : "RSDT", list.array()));
        ByteBuffer pointer = ByteBuffer.allocate(36).order(ByteOrder.LITTLE_ENDIAN);
        pointer.put("RSD PTR ".getBytes(StandardCharsets.US_ASCII));
        pointer.put(15, (byte) (wide ? 2 : 0));
        pointer.putInt(16, wide ? 0 : (int) at);
        pointer.putLong(24, wide ? at : 0);
        boot.physical.put(ROOT, pointer.array());
    }

    private static AcpiTables read(ModelBoot boot) {
        return AcpiTables.read(ROOT, (at, bytes) -> {
            long start = at & -4096;
            return boot.map(start, (at + bytes - start + 4095) & -4096, true).asSlice(at - start, bytes);
        });
    }

    @Test
    void findsTablesByEitherList() {
        for (boolean wide : new boolean[] {false, true}) {
            root(boot, wide, table("FACP", new byte[200]), table("MCFG", new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9}));
            AcpiTables.Table mcfg = read(boot).find("MCFG").orElseThrow();
            assertEquals(0x0807060504030201L, mcfg.number(36, 8));
            assertEquals(9, mcfg.number(44, 1));
            assertEquals(0, mcfg.number(44, 2), "the table ends before");
            assertTrue(read(boot).find("APIC").isEmpty());
        }
    }

    @Test
    void aTableWithAWrongChecksumIsAsGoodAsNone() {
        byte[] table = table("MCFG", new byte[16]);
        table[40] ^= 1;
        root(boot, true, table);
        assertTrue(read(boot).find("MCFG").isEmpty());
    }

    @Test
    void withoutARootThereAreNoTables() {
        assertTrue(AcpiTables.read(0, (_, _) -> MemorySegment.NULL).find("FACP").isEmpty());
        assertTrue(read(boot).find("FACP").isEmpty());
    }

    /** Whatever firmware wrote, reading it ends, and throws nothing. */
    @Test
    void anyBytesAreRead() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            boot.physical.clear();
            boot.lastLine = random.nextInt(64);
            for (int i = 0; i < 4; i++) {
                boot.own.add(random.nextLong(1L << 20) << 12);
            }
            root(boot, random.nextBoolean(), table("FACP", new byte[random.nextInt(240)]), table("DSDT", new byte[50]));
            boot.physical.values().forEach(bytes -> {
                for (int i = random.nextInt(4); i > 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
            });
            try {
                AcpiTables tables = read(boot);
                MmioTables.find(tables);
                PowerButton.find(boot, tables).ifPresent(PowerButton::close);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", round " + round, e);
            }
        }
    }

    @Test
    void aTableThatLiesInTheBootLayersMemoryIsAsGoodAsNone() {
        root(boot, true, table("FACP", new byte[200]), table("MCFG", new byte[16]));
        boot.own.add(0x7fe0000L);
        assertTrue(read(boot).find("MCFG").isEmpty(), "this page");
        boot.own.clear();
        boot.physical.clear();
        byte[] fadt = new byte[232];
        ByteBuffer.wrap(fadt).order(ByteOrder.LITTLE_ENDIAN).putLong(140 - 36, 1L << 62);
        assertTrue(tables(boot, table("FACP", fadt), table("MCFG", new byte[16]))
                .find("MCFG")
                .isPresent());
    }

    /** A list that names one large table again and again must not fill the heap. */
    @Test
    void takesNoMoreTablesThanThereCanBeOfUse() {
        byte[] large = table("SSDT", new byte[1 << 18]);
        boot.physical.put(0x7000000L, large);
        ByteBuffer list = ByteBuffer.allocate(8 * 5000).order(ByteOrder.LITTLE_ENDIAN);
        while (list.hasRemaining()) {
            list.putLong(0x7000000L);
        }
        boot.physical.put(0x7fe0000L, table("XSDT", list.array()));
        ByteBuffer pointer = ByteBuffer.allocate(36).order(ByteOrder.LITTLE_ENDIAN);
        pointer.put("RSD PTR ".getBytes(StandardCharsets.US_ASCII))
                .put(15, (byte) 2)
                .putLong(24, 0x7fe0000L);
        boot.physical.put(ROOT, pointer.array());
        int found = read(boot).all("SSDT").size();
        assertTrue(found > 1 && found < 16, found + " found");
    }

    /** The form in which QEMU's microvm describes a device: name, hardware ID, and resources. */
    @Test
    void findsDevicesWithRegistersInMemory() {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        code.writeBytes(new byte[] {0x5b, (byte) 0x82, 0x42, 4, 'V', 'R', '0', '0', 8, '_', 'H', 'I', 'D', 0x0d});
        code.writeBytes("LNRO0005\\0".translateEscapes().getBytes(StandardCharsets.US_ASCII));
        code.writeBytes(new byte[] {8, '_', 'C', 'R', 'S', 0x11, 0x17, 0x0a, 0x14});
        code.writeBytes(new byte[] {(byte) 0x86, 9, 0, 1, 0, 0x0e, (byte) 0xb0, (byte) 0xfe, 0, 2, 0, 0});
        code.writeBytes(new byte[] {(byte) 0x89, 6, 0, 3, 1, 12, 0, 0, 0, 0x79, 0});
        byte[] dsdt = table("DSDT", code.toByteArray());
        boot.physical.put(0x7fd0000L, dsdt);
        byte[] fadt = new byte[232];
        ByteBuffer.wrap(fadt).order(ByteOrder.LITTLE_ENDIAN).putLong(140 - 36, 0x7fd0000L);
        root(boot, true, table("FACP", fadt));
        assertEquals(List.of(new MmioWords.Window(0xfeb00e00L, 512, 12)), MmioTables.find(read(boot)));
    }
}
