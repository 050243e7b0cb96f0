package io.uk4j.blk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * XTS-AES (IEEE 1619-2018, section 5) over whole data units, made of the JDK's AES: the JDK has no XTS, but the processor's AES
 * instructions are behind its ECB. So a run of units is one call, with the tweaks added before and after.
 *
 * <p>Thread rule: one thread.
 */
final class Xts {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();
    private static final int BLOCK_BYTES = 16;

    /** What is added when the highest bit leaves the field (section 5.2: x^128 + x^7 + x^2 + x + 1). */
    private static final long FEEDBACK = 0x87;

    private final int unitBytes;
    private final Cipher encryption;
    private final Cipher decryption;
    private final Cipher tweakEncryption;
    private final byte[] numbers;
    private final byte[] tweaks;
    private final byte[] mask;
    private final byte[] output;

    /**
     * A cipher.
     *
     * @param key 32 or 64 bytes, the two halves of which differ
     * @param unitBytes the data unit, a multiple of 16 bytes
     * @param limitBytes how much is transformed at a time, at most
     */
    Xts(byte[] key, int unitBytes, int limitBytes) {
        int half = key.length / 2;
        if ((half != 16 && half != 32) || key.length % 2 != 0) {
            throw new IllegalArgumentException("A key of " + key.length + " bytes: XTS-AES has 32 or 64.");
        }
        if (Arrays.equals(key, 0, half, key, half, key.length)) {
            // FIPS 140-2, implementation guidance A.9: else the tweak is no secret.
            throw new IllegalArgumentException("The two halves of a key are the same.");
        }
        this.unitBytes = unitBytes;
        encryption = cipher(Cipher.ENCRYPT_MODE, key, 0, half);
        decryption = cipher(Cipher.DECRYPT_MODE, key, 0, half);
        tweakEncryption = cipher(Cipher.ENCRYPT_MODE, key, half, half);
        int units = limitBytes / unitBytes;
        numbers = new byte[units * BLOCK_BYTES];
        tweaks = new byte[units * BLOCK_BYTES];
        mask = new byte[limitBytes];
        output = new byte[limitBytes];
    }

    private static Cipher cipher(int mode, byte[] key, int offset, int length) {
        try {
            Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
            cipher.init(mode, new SecretKeySpec(key, offset, length, "AES"));
            return cipher;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This JDK has no AES.", e);
        }
    }

    /**
     * Encrypts or decrypts in place.
     *
     * @param firstUnit the number of the first data unit
     * @param data from its start
     * @param length whole data units, no more than the limit
     */
    void transform(boolean encrypt, long firstUnit, byte[] data, int length) {
        mask(firstUnit, length);
        xor(data, length);
        try {
            int done = (encrypt ? encryption : decryption).update(data, 0, length, output, 0);
            if (done != length) {
                throw new IllegalStateException("AES took " + done + " of " + length + " bytes.");
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        System.arraycopy(output, 0, data, 0, length);
        xor(data, length);
    }

    private void xor(byte[] data, int length) {
        for (int at = 0; at < length; at += Long.BYTES) {
            long value = (long) LONGS.get(data, at) ^ (long) LONGS.get(mask, at);
            LONGS.set(data, at, value);
        }
    }

    /** The tweak of each block: the encrypted number of its unit, times x for each block before it in the unit. */
    private void mask(long firstUnit, int length) {
        int units = length / unitBytes;
        for (int unit = 0; unit < units; unit++) {
            LONGS.set(numbers, unit * BLOCK_BYTES, firstUnit + unit);
            LONGS.set(numbers, unit * BLOCK_BYTES + Long.BYTES, 0L);
        }
        try {
            tweakEncryption.update(numbers, 0, units * BLOCK_BYTES, tweaks, 0);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        for (int unit = 0; unit < units; unit++) {
            long low = (long) LONGS.get(tweaks, unit * BLOCK_BYTES);
            long high = (long) LONGS.get(tweaks, unit * BLOCK_BYTES + Long.BYTES);
            int end = (unit + 1) * unitBytes;
            for (int at = unit * unitBytes; at < end; at += BLOCK_BYTES) {
                LONGS.set(mask, at, low);
                LONGS.set(mask, at + Long.BYTES, high);
                long carry = high >> (Long.SIZE - 1) & FEEDBACK;
                high = high << 1 | low >>> (Long.SIZE - 1);
                low = low << 1 ^ carry;
            }
        }
    }
}
