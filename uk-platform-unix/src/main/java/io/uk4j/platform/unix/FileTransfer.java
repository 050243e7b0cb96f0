package io.uk4j.platform.unix;

import io.netty.buffer.ByteBuf;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Carries requests out on a file.
 *
 * <p>Thread rule: one thread at a time.
 */
final class FileTransfer implements AutoCloseable {
    private static final int ZEROES_BYTES = 64 * 1024;

    private final FileChannel channel;
    private final ByteBuffer zeroes = ByteBuffer.allocateDirect(ZEROES_BYTES);

    FileTransfer(FileChannel channel) {
        this.channel = channel;
    }

    void execute(BlockRequest request) throws IOException {
        switch (request.operation()) {
            case READ, WRITE -> transfer(request);
            case FLUSH -> channel.force(false);
            case DISCARD -> {
                // Allowed to do nothing: what is discarded may read as anything.
            }
            case WRITE_ZEROES -> writeZeroes(request.offsetBytes(), request.lengthBytes());
        }
    }

    private void transfer(BlockRequest request) throws IOException {
        long position = request.offsetBytes();
        for (int i = 0; i < request.fragments(); i++) {
            ByteBuf fragment = request.buffer(i);
            // A view with a position of its own: another request may use another part of the same buffer.
            ByteBuffer bytes = fragment.nioBuffer(request.offset(i), request.length(i));
            while (bytes.hasRemaining()) {
                int count = request.operation() == Operation.READ
                        ? channel.read(bytes, position)
                        : channel.write(bytes, position);
                if (count < 0) {
                    throw new EOFException("The file is shorter than when it was opened.");
                }
                position += count;
            }
        }
    }

    private void writeZeroes(long offset, long length) throws IOException {
        long position = offset;
        long end = offset + length;
        while (position < end) {
            zeroes.clear().limit((int) Math.min(ZEROES_BYTES, end - position));
            position += channel.write(zeroes, position);
        }
    }

    /** Closes the file, which gives up its lock. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
