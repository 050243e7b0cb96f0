package io.uk4j.platform.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** A virtio entropy device with registers in memory (VIRTIO 1.3, sections 4.2 and 5.4): a thread that looks at them all the time. */
final class ModelEntropyDevice implements AutoCloseable {
    static final long BASE = 0xfeb00000L;

    private static final int STATUS = 0x70;
    private static final int DRIVER_OK = 4;
    private static final int QUEUE_NUM = 0x38;
    private static final int QUEUE_READY = 0x44;
    private static final int QUEUE_DESC = 0x80;
    private static final int QUEUE_DRIVER = 0x90;
    private static final int QUEUE_DEVICE = 0xa0;

    private final ModelBoot boot;
    private final Random random = new Random(1);
    private final Thread thread = Thread.ofPlatform().daemon().unstarted(this::serve);
    private short done;
    private volatile boolean closed;

    /** Puts it into a machine, whose command line names it by {@link #word}. */
    ModelEntropyDevice(ModelBoot boot) {
        this.boot = boot;
        byte[] registers = new byte[512];
        ByteBuffer.wrap(registers)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, 0x74726976)
                .putInt(4, 2)
                .putInt(8, 4)
                .putInt(0x10, 1) // in the second word: VERSION_1
                .putInt(0x34, 64);
        boot.physical.put(BASE, registers);
        thread.start();
    }

    static String word() {
        return "virtio_mmio.device=512@0x" + Long.toHexString(BASE) + ":5";
    }

    private void serve() {
        while (!closed) {
            MemorySegment registers = boot.segments.get(BASE);
            if (registers != null) {
                look(registers);
            }
            VarHandle.fullFence();
            Thread.onSpinWait();
        }
    }

    private void look(MemorySegment registers) {
        int status = registers.get(JAVA_INT, STATUS);
        if (status == 0) {
            registers.set(JAVA_INT, QUEUE_READY, 0);
            done = 0;
        }
        if ((status & DRIVER_OK) == 0 || registers.get(JAVA_INT, QUEUE_READY) == 0) {
            return;
        }
        int size = registers.get(JAVA_INT, QUEUE_NUM);
        MemorySegment available = memory(registers.get(JAVA_LONG, QUEUE_DRIVER), 4 + 2L * size);
        short published = available.get(JAVA_SHORT, 2);
        VarHandle.fullFence();
        while (done != published && !closed) {
            int head = available.get(JAVA_SHORT, 4 + 2L * (Short.toUnsignedInt(done) % size));
            MemorySegment descriptor =
                    memory(registers.get(JAVA_LONG, QUEUE_DESC), 16L * size).asSlice(16L * head, 16);
            MemorySegment buffer = memory(descriptor.get(JAVA_LONG, 0), descriptor.get(JAVA_INT, 8));
            for (long i = 0; i < buffer.byteSize(); i++) {
                buffer.set(JAVA_BYTE, i, (byte) random.nextInt());
            }
            MemorySegment used = memory(registers.get(JAVA_LONG, QUEUE_DEVICE), 4 + 8L * size);
            long at = 4 + 8L * (Short.toUnsignedInt(done) % size);
            used.set(JAVA_INT, at, head);
            used.set(JAVA_INT, at + 4, (int) buffer.byteSize());
            done++;
            VarHandle.fullFence();
            used.set(JAVA_SHORT, 2, done);
        }
    }

    @SuppressWarnings("restricted")
    private static MemorySegment memory(long physical, long bytes) {
        return MemorySegment.ofAddress(ModelBoot.virtual(physical)).reinterpret(bytes);
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
