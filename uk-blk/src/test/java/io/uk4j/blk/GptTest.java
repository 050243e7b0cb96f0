package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GptTest {
    private static final UUID DISK = UUID.fromString("11111111-2222-3333-4444-555555555555");
    private static final UUID PART = UUID.fromString("66666666-7777-8888-9999-aaaaaaaaaaaa");
    private static final int SECTORS = 8192;

    private final TestBed bed = new TestBed();
    private final Disk disk = Disk.polled(bed.platform, bed.ram(512, SECTORS));

    @AfterEach
    void close() {
        disk.close();
        bed.close();
    }

    private Gpt twoPartitions() {
        return Gpt.empty(DISK)
                .add(disk.info(), Gpt.EFI_SYSTEM, PART, "boot", 100_000)
                .add(disk.info(), Gpt.LINUX_DATA, new UUID(7, 8), "Daten äöü", 0);
    }

    /** Changes bytes of the disk in place. */
    private void edit(long sector, int sectors, Consumer<ByteBuf> change) {
        ByteBuf buffer = Unpooled.directBuffer(512 * sectors, 512 * sectors);
        disk.read(sector * 512, buffer, 0, 512 * sectors);
        change.accept(buffer);
        disk.write(sector * 512, buffer, 0, 512 * sectors);
        buffer.release();
    }

    @Test
    void readsWhatItWrote() {
        Gpt table = twoPartitions();
        table.write(disk);

        Gpt found = Gpt.read(disk);
        assertEquals(DISK, found.diskId());
        assertEquals(table.entries(), found.entries());
        assertEquals(
                List.of(
                        new Gpt.Entry(1, Gpt.EFI_SYSTEM, PART, 2048, 2048 + 195, 0, "boot"),
                        new Gpt.Entry(2, Gpt.LINUX_DATA, new UUID(7, 8), 4096, SECTORS - 34, 0, "Daten äöü")),
                found.entries());
    }

    @Test
    void worksOnSectorsOf4096Bytes() {
        try (Disk large = Disk.polled(bed.platform, RamDisk.create(bed.context, "large", 4096, 4096 * 1024))) {
            Gpt table = Gpt.empty(DISK).add(large.info(), Gpt.LINUX_DATA, PART, "all", 0);
            table.write(large);
            assertEquals(table.entries(), Gpt.read(large).entries());
            assertEquals(256, table.entries().getFirst().firstSector());
        }
    }

    @Test
    void takesTheCopyAtTheEndIfThatAtTheFrontIsDamaged() {
        twoPartitions().write(disk);
        edit(1, 1, header -> header.setByte(60, header.getByte(60) ^ 1));
        assertEquals(twoPartitions().entries(), Gpt.read(disk).entries());

        twoPartitions().write(disk);
        edit(2, 1, array -> array.setByte(130, array.getByte(130) ^ 1));
        assertEquals(twoPartitions().entries(), Gpt.read(disk).entries());
    }

    @Test
    void saysWhatIsWrongWithEachCopy() {
        DiskException none = assertThrows(DiskException.class, () -> Gpt.read(disk));
        assertEquals("""
                ram has no partition table: at the front no signature, at the end no signature.
                A GPT, as sgdisk or parted make it.
                Try: Gpt.empty(id).write(disk), if what is on the disk is of no use""", none.getMessage());

        twoPartitions().write(disk);
        edit(1, 1, header -> header.setIntLE(16, 0));
        edit(SECTORS - 33, 1, array -> array.setByte(0, 0));
        DiskException both = assertThrows(DiskException.class, () -> Gpt.read(disk));
        assertTrue(both.getMessage()
                .startsWith("ram has no partition table: at the front a header with a wrong checksum,"
                        + " at the end entries with a wrong checksum."));
    }

    @Test
    void refusesADiskThatIsTooSmall() {
        try (Disk small = Disk.polled(bed.platform, RamDisk.create(bed.context, "small", 512, 512 * 67))) {
            DiskException e =
                    assertThrows(DiskException.class, () -> Gpt.empty(DISK).write(small));
            assertEquals("""
                    small is too small for a partition table: it has 67 sectors.
                    A disk with one has 68 sectors or more.""", e.getMessage());
            assertThrows(DiskException.class, () -> Gpt.read(small));
        }
    }

    @Test
    void saysHowMuchIsLeft() {
        DiskException e = assertThrows(
                DiskException.class,
                () -> twoPartitions().add(disk.info(), Gpt.LINUX_DATA, new UUID(9, 9), "more", 512));
        assertEquals("""
                No room for a partition of 512 bytes on ram.
                0 bytes are left behind the last partition, and 126 entries.""", e.getMessage());
    }

    @Test
    void aNumberThatBecameFreeIsUsedAgain() {
        Gpt table = Gpt.empty(DISK)
                .add(disk.info(), Gpt.LINUX_DATA, PART, "a", 512)
                .add(disk.info(), Gpt.LINUX_DATA, new UUID(1, 1), "b", 512)
                .remove(1)
                .add(disk.info(), Gpt.LINUX_DATA, new UUID(2, 2), "c", 512);
        assertEquals(
                List.of("c", "b"), table.entries().stream().map(Gpt.Entry::name).toList());
        assertThrows(IllegalArgumentException.class, () -> table.remove(3));
    }

    /** Each claim of a header is checked, even if its checksums are right: what firmware wrote may be nonsense. */
    @Test
    void believesNoHeaderForItsChecksumAlone() {
        refusesHeader("usable sectors from 0 to", header -> header.setLongLE(40, 0));
        refusesHeader("usable sectors from 34 to " + SECTORS, header -> header.setLongLE(48, SECTORS));
        refusesHeader("usable sectors from 34 to -1", header -> header.setLongLE(48, -1));
        refusesHeader("0 entries", header -> header.setIntLE(80, 0));
        refusesHeader("4294967295 entries", header -> header.setIntLE(80, -1));
        refusesHeader("entries of 64 bytes", header -> header.setIntLE(84, 64));
        refusesHeader("entries of 2147483648 bytes", header -> header.setIntLE(84, 1 << 31));
        refusesHeader("entries at sector -9223372036854775808", header -> header.setLongLE(72, Long.MIN_VALUE));
        refusesHeader("entries at sector " + (SECTORS - 1), header -> header.setLongLE(72, SECTORS - 1));
        refusesHeader("entries at sector 40", header -> header.setLongLE(72, 40));
        refusesHeader("a header that is meant for sector 5", header -> header.setLongLE(24, 5));
        refusesHeader("an unknown revision", header -> header.setIntLE(8, 7));
        refusesHeader("a header of 20 bytes", header -> header.setIntLE(12, 20));
        refusesHeader("a header of 4294967295 bytes", header -> header.setIntLE(12, -1));
    }

    private void refusesHeader(String complaint, Consumer<ByteBuf> change) {
        twoPartitions().write(disk);
        edit(SECTORS - 1, 1, header -> header.setZero(0, 512));
        edit(1, 1, header -> {
            change.accept(header);
            Crcs.seal(header);
        });
        DiskException e = assertThrows(DiskException.class, () -> Gpt.read(disk));
        assertTrue(e.getMessage().contains("at the front " + complaint), e.getMessage());
    }

    @Test
    void believesNoEntriesForTheirChecksumAlone() {
        refusesEntries("partition 1 from sector 33 to", array -> array.setLongLE(32, 33));
        refusesEntries("partition 1 from sector 2048 to 100000", array -> array.setLongLE(40, 100_000));
        refusesEntries("partition 2 from sector 4096 to 4000", array -> array.setLongLE(128 + 40, 4000));
        refusesEntries("partitions 1 and 2 that overlap", array -> array.setLongLE(40, 4096));
    }

    private void refusesEntries(String complaint, Consumer<ByteBuf> change) {
        twoPartitions().write(disk);
        edit(SECTORS - 1, 1, header -> header.setZero(0, 512));
        int[] crc = {0};
        edit(2, 32, array -> {
            change.accept(array);
            crc[0] = Crcs.of(array, GptTable.ARRAY_BYTES);
        });
        edit(1, 1, header -> {
            header.setIntLE(88, crc[0]);
            Crcs.seal(header);
        });
        DiskException e = assertThrows(DiskException.class, () -> Gpt.read(disk));
        assertTrue(e.getMessage().contains("at the front " + complaint), e.getMessage());
    }

    /** Whatever stands on the disk, reading it gives a table or a message, and takes no memory that the disk does not have. */
    @Test
    void readsAnyNonsense() {
        long base = Long.getLong("uk.test.seed", 20_261_127L);
        for (int run = 0; run < 2000; run++) {
            long seed = base + run;
            SplittableRandom random = new SplittableRandom(seed);
            twoPartitions().write(disk);
            for (long sector : new long[] {1, SECTORS - 1}) {
                edit(sector, 1, header -> {
                    for (int change = random.nextInt(1, 5); change > 0; change--) {
                        int at = random.nextInt(92);
                        header.setByte(at, random.nextInt(256));
                    }
                    if (random.nextInt(8) > 0) {
                        Crcs.seal(header);
                    }
                });
            }
            try {
                for (Gpt.Entry entry : Gpt.read(disk).entries()) {
                    assertTrue(entry.lastSector() < SECTORS, "seed " + seed);
                }
            } catch (DiskException e) {
                assertTrue(e.getMessage().contains("has no partition table"), "seed " + seed);
            }
        }
    }

    @Test
    void takesTheCopyAtTheEndIfThatAtTheFrontCannotBeRead() {
        ScriptedDisk device = new ScriptedDisk(SECTORS, 8, 8);
        try (Disk other = Disk.polled(bed.platform, device)) {
            twoPartitions().write(other);
            for (int sector = 1; sector <= 2; sector++) {
                long bad = 512L * sector;
                device.failing(request -> request.operation() == Operation.READ && request.offsetBytes() == bad);
                assertEquals(twoPartitions().entries(), Gpt.read(other).entries());
            }
            device.failing(request -> request.operation() == Operation.READ);
            DiskException e = assertThrows(DiskException.class, () -> Gpt.read(other));
            assertTrue(e.getMessage().contains("at the front a sector that cannot be read"), e.getMessage());
        }
    }

    @Test
    void aPartitionHasAType() {
        UUID unused = new UUID(0, 0);
        assertThrows(IllegalArgumentException.class, () -> Gpt.empty(DISK).add(disk.info(), unused, PART, "data", 0));
    }
}
