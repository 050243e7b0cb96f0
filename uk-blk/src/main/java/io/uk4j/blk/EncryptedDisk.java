package io.uk4j.blk;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.Arrays;
import java.util.List;

/**
 * A disk whose contents are encrypted by XTS-AES (IEEE 1619-2018; NIST SP 800-38E), each sector by itself, with its number as the
 * tweak. There is no header: the key is the caller's, and a wrong one shows as nonsense. It is the format of dm-crypt's {@code
 * aes-xts-plain64} with {@code sector_size} as the device's, without an offset, and, where a sector has more than 512 bytes, with {@code
 * iv_large_sectors}: the tweak counts sectors of that size.
 *
 * <p>Protects what lies on the disk from being read by whoever has it. It does not show that something was changed, does not keep an old state
 * from being put back, and whoever sees the disk at two times sees which sectors changed. What was never written, or was discarded, reads as
 * nonsense; a write of zeros writes encrypted zeros.
 *
 * <p>The work is done on the loop. Writes are encrypted into memory of the layer's own, 1 MiB; reads are decrypted in the caller's buffers.
 *
 * <p>Crash consistency: that of the device below.
 *
 * <p>Thread rule: loop-owned. It owns the device below and closes it.
 */
public final class EncryptedDisk extends Layer {
    private static final int DEPTH = 16;
    private static final int PIECE_BYTES = 64 << 10;

    private final Below below;
    private final Memory memory;
    private final Xts xts;
    private final byte[] scratch;
    private final int pieceBytes;

    private EncryptedDisk(DeviceContext context, BlockDeviceInfo info, Below below, byte[] key) {
        super(info, context.counters(), List.of(below));
        this.below = below;
        pieceBytes = Math.max(PIECE_BYTES, info.sectorBytes());
        xts = new Xts(key, info.sectorBytes(), pieceBytes);
        scratch = new byte[pieceBytes];
        memory = new Memory(context.platform().pages());
        try {
            fill(Crypt::new);
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
    }

    /**
     * Puts encryption over a device.
     *
     * @param context gives pages and counters
     * @param device not used by anyone else from now on
     * @param key 32 bytes for AES-128 or 64 for AES-256: first the key of the data, then that of the tweak. The caller may wipe it once this
     *     returns; the JDK's ciphers keep what they derive from it for as long as the disk is reachable
     * @throws IllegalArgumentException if the key has another length, or two halves that are the same; the device stays with the caller
     * @throws io.uk4j.core.OutOfMemoryException if the platform has not so much memory left; the device stays with the caller
     */
    public static EncryptedDisk over(DeviceContext context, BlockDevice device, byte[] key) {
        BlockDeviceInfo lower = device.info();
        BlockDeviceInfo info = new BlockDeviceInfo(
                lower.name() + "+xts",
                lower.sectorBytes(),
                lower.sectors(),
                lower.readOnly(),
                Math.min(lower.maxFragments(), FRAGMENT_LIMIT),
                DEPTH,
                lower.discard());
        return new EncryptedDisk(context, info, new Below(device), key);
    }

    private final class Crypt extends Op {
        private final BlockRequest lower = new BlockRequest(info().maxFragments(), (_, status) -> ended(status));
        private final ByteBuf piece = memory.buffer(pieceBytes);
        private long position;

        @Override
        void start() {
            position = 0;
            BlockRequest request = request();
            switch (request.operation()) {
                case FLUSH -> lower.flush();
                case DISCARD -> lower.range(Operation.DISCARD, request.offsetBytes(), request.lengthBytes());
                case READ -> {
                    lower.transfer(Operation.READ, request.offsetBytes());
                    Fragments.add(request, 0, request.lengthBytes(), lower);
                }
                case WRITE, WRITE_ZEROES -> {
                    nextPiece();
                    return;
                }
            }
            below.submit(lower);
        }

        private void nextPiece() {
            BlockRequest request = request();
            int length = (int) Math.min(pieceBytes, request.lengthBytes() - position);
            if (request.operation() == Operation.WRITE) {
                Fragments.get(request, position, scratch, length);
            } else {
                Arrays.fill(scratch, 0, length, (byte) 0);
            }
            xts.transform(true, (request.offsetBytes() + position) / info().sectorBytes(), scratch, length);
            piece.internalNioBuffer(0, length).put(scratch, 0, length);
            lower.transfer(Operation.WRITE, request.offsetBytes() + position).add(piece, 0, length);
            position += length;
            below.submit(lower);
        }

        private void ended(int status) {
            if (closed()) {
                return;
            }
            BlockRequest request = request();
            if (status != BlockRequest.OK) {
                finish(this, BlockRequest.IO_ERROR);
            } else if (request.operation() == Operation.READ) {
                decrypt(request);
                finish(this, BlockRequest.OK);
            } else if (lower.operation() == Operation.WRITE && position < request.lengthBytes()) {
                nextPiece();
            } else {
                finish(this, BlockRequest.OK);
            }
        }

        /** Sector by sector of the whole request: a fragment may end in the middle of one. */
        private void decrypt(BlockRequest request) {
            for (long at = 0; at < request.lengthBytes(); at += pieceBytes) {
                int length = (int) Math.min(pieceBytes, request.lengthBytes() - at);
                Fragments.get(request, at, scratch, length);
                xts.transform(false, (request.offsetBytes() + at) / info().sectorBytes(), scratch, length);
                Fragments.put(request, at, scratch, length);
            }
        }
    }

    @Override
    void release() {
        Arrays.fill(scratch, (byte) 0);
        memory.close();
    }

    @Override
    String line() {
        return "encrypted by XTS-AES, sectors of " + info().sectorBytes() + " bytes";
    }
}
