package io.uk4j.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.testkit.BlockDeviceContract;
import io.uk4j.testkit.CrashTest;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class EncryptedDiskTest {
    private static final byte[] KEY = hex("2718281828459045235360287471352662497757247093699959574966967627"
            + "3141592653589793238462643383279502884197169399375105820974944592");

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    private static byte[] encrypt(byte[] key, long unit, byte[] data, int unitBytes) {
        byte[] copy = data.clone();
        Xts xts = new Xts(key, unitBytes, data.length);
        xts.transform(true, unit, copy, copy.length);
        byte[] back = copy.clone();
        xts.transform(false, unit, back, back.length);
        assertArrayEquals(data, back);
        return copy;
    }

    private static byte[] counting(int bytes) {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            data[i] = (byte) i;
        }
        return data;
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    /** Vectors 2, 4 and 10 of IEEE 1619-2018, annex B; the hashes of whole results, and the last, are from OpenSSL 3. */
    @Test
    void matchesTheStandardsVectors() throws NoSuchAlgorithmException {
        byte[] fours = new byte[32];
        Arrays.fill(fours, (byte) 0x44);
        assertArrayEquals(
                hex("c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0"),
                encrypt(
                        hex("1111111111111111111111111111111122222222222222222222222222222222"),
                        0x33_3333_3333L,
                        fours,
                        32));

        byte[] fourth =
                encrypt(hex("2718281828459045235360287471352631415926535897932384626433832795"), 0, counting(512), 512);
        assertArrayEquals(
                hex("27a7479befa1d476489f308cd4cfa6e2a96e4bbe3208ff25287dd3819616e89c"), Arrays.copyOf(fourth, 32));
        assertEquals("ebee4d64dd2395bb2d6a2d37a0a48ecb2bf4913cfc99d27c2214f2f4144715ea", sha256(fourth));

        byte[] tenth = encrypt(KEY, 0xFF, counting(512), 512);
        assertArrayEquals(
                hex("1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b"), Arrays.copyOf(tenth, 32));
        assertEquals("e97e974fa393af794f7a4684395814cf820de60a01eaec677d87b452e316b364", sha256(tenth));

        assertEquals(
                "0051c42106e5fe3aded8177704c8c60df791d8ff5e22d57122901f786695052d",
                sha256(encrypt(KEY, 0x123_4567L, new byte[4096], 4096)));
    }

    @Test
    void aRunOfUnitsIsAsUnitByUnit() {
        byte[] run = encrypt(KEY, 1000, counting(512 * 5), 512);
        for (int i = 0; i < 5; i++) {
            assertArrayEquals(
                    encrypt(KEY, 1000 + i, Arrays.copyOfRange(counting(512 * 5), i * 512, (i + 1) * 512), 512),
                    Arrays.copyOfRange(run, i * 512, (i + 1) * 512));
        }
    }

    @Test
    void refusesKeysThatAreNone() {
        assertThrows(IllegalArgumentException.class, () -> new Xts(new byte[31], 512, 512));
        assertThrows(IllegalArgumentException.class, () -> new Xts(new byte[48], 512, 512));
        assertThrows(IllegalArgumentException.class, () -> new Xts(new byte[0], 512, 512));
        IllegalArgumentException same =
                assertThrows(IllegalArgumentException.class, () -> new Xts(new byte[32], 512, 512));
        assertEquals("The two halves of a key are the same.", same.getMessage());
    }

    /** What lies below is what dm-crypt would have written, the caller's buffer stays as it was, and neither depends on how it is cut. */
    @Test
    void encryptsEachSectorWithItsNumber() {
        try (TestBed bed = new TestBed()) {
            ScriptedDisk disk = new ScriptedDisk(600, 4, 8);
            EncryptedDisk encrypted = EncryptedDisk.over(bed.context, disk, KEY);
            byte[] data = new byte[300 * 512];
            new SplittableRandom(4).nextBytes(data);
            ByteBuf buffer = Unpooled.directBuffer(data.length, data.length).setBytes(0, data);
            int[] status = {-1};
            BlockRequest request = new BlockRequest(3, (_, newStatus) -> status[0] = newStatus);
            request.transfer(Operation.WRITE, 100 * 512)
                    .add(buffer, 0, 700)
                    .add(buffer, 700, 70_001)
                    .add(buffer, 70_701, data.length - 70_701);
            assertTrue(encrypted.submit(request));
            for (int i = 0; i < 10; i++) {
                encrypted.poll(4);
            }

            assertEquals(BlockRequest.OK, status[0]);
            assertArrayEquals(
                    encrypt(KEY, 100, data, 512), Arrays.copyOfRange(disk.data, 100 * 512, 100 * 512 + data.length));
            byte[] after = new byte[data.length];
            buffer.getBytes(0, after);
            assertArrayEquals(data, after);

            buffer.setZero(0, data.length);
            request.transfer(Operation.READ, 100 * 512)
                    .add(buffer, 0, 1)
                    .add(buffer, 1, 99_999)
                    .add(buffer, 100_000, data.length - 100_000);
            assertTrue(encrypted.submit(request));
            encrypted.poll(4);
            encrypted.poll(4);
            buffer.getBytes(0, after);
            assertArrayEquals(data, after);
            buffer.release();
            encrypted.close();
        }
    }

    @Test
    void saysNothingOfItsKey() {
        try (TestBed bed = new TestBed()) {
            EncryptedDisk encrypted = EncryptedDisk.over(bed.context, bed.ram(512, 64), KEY);
            assertEquals(
                    "ram+xts: encrypted by XTS-AES, sectors of 512 bytes\n  ram: 32768 bytes of memory",
                    encrypted.describe());
            encrypted.close();
        }
    }

    @Test
    void anErrorBelowIsAnErrorHere() {
        try (TestBed bed = new TestBed()) {
            ScriptedDisk disk = new ScriptedDisk(600, 4, 8).failing(request -> request.offsetBytes() >= 128 * 512);
            EncryptedDisk encrypted = EncryptedDisk.over(bed.context, disk, KEY);
            Asked write = Asked.write(encrypted, 0, 200, 1);
            Asked read = Asked.read(encrypted, 130, 1);
            for (int i = 0; i < 10; i++) {
                encrypted.poll(4);
            }
            assertEquals(BlockRequest.IO_ERROR, write.status);
            assertEquals(BlockRequest.IO_ERROR, read.status);
            encrypted.close();
        }
    }

    @Test
    void keepsWhatItsDeviceKeepsWhenThePowerIsCut() {
        try (TestBed bed = new TestBed()) {
            CrashTest.Report report = new CrashTest(disks -> EncryptedDisk.over(bed.context, disks.getFirst(), KEY))
                    .disk(512, 64)
                    .prepare(disks -> {
                        EncryptedDisk encrypted = EncryptedDisk.over(bed.context, disks.getFirst(), KEY);
                        Disk disk = Disk.polled(bed.platform, encrypted);
                        disk.writeZeroes(0, 64 * 512);
                        disk.detach();
                    })
                    .run(Long.getLong("uk.test.seed", 1L));
            assertTrue(report.images() > 500, report.toString());
        }
    }

    @Nested
    class Contract extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed();
            return new LayerFixture(bed, EncryptedDisk.over(bed.context, bed.ram(512, 256), KEY), null);
        }
    }

    @Nested
    class ContractWithLargeSectors extends BlockDeviceContract {
        @Override
        protected Fixture open() {
            TestBed bed = new TestBed();
            return new LayerFixture(
                    bed, EncryptedDisk.over(bed.context, bed.ram(4096, 64), Arrays.copyOf(KEY, 64)), null);
        }
    }
}
