package io.uk4j.virtio.driver;

import io.uk4j.virtio.Registers;
import io.uk4j.virtio.transport.MessageInterrupt;
import io.uk4j.virtio.transport.PciFunction;
import io.uk4j.virtio.transport.VirtioSlot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A PCI function as VIRTIO 1.3, section 4.1, describes it: structures in BAR 4, the MSI-X table in BAR 1. */
final class PciModel extends RegisterModel {
    static final int MSIX_AT = 0x40;
    static final int COMMON_AT = 0x50;
    static final int ISR_AT = 0x60;
    static final int DEVICE_AT = 0x70;
    static final int NOTIFY_AT = 0x80;
    static final int PCI_CFG_AT = 0x98;
    static final int LAST_AT = 0xb0;

    private static final int ISR = 0x1000;
    private static final int DEVICE = 0x2000;
    private static final int NOTIFY = 0x3000;
    private static final int MULTIPLIER = 4;
    private static final int BAR_BYTES = 0x4000;
    private static final int VECTORS = 3;
    private static final long MESSAGE_ADDRESS = 0xfee0_1000L;

    /** The configuration space, for a test to spoil. */
    final ByteBuffer space = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

    /** The MSI-X table. */
    private final ByteBuffer table = ByteBuffer.allocate(16 * VECTORS).order(ByteOrder.LITTLE_ENDIAN);

    private final List<ModelInterrupt> vectors = new ArrayList<>();
    private final List<MessageInterrupt> messages = new ArrayList<>();

    final @Nullable Registers[] bars = new Registers[6];

    @Nullable
    ModelInterrupt line = new ModelInterrupt(true);

    int configVector = 0xffff;

    // What may be wrong with it.
    final Set<Integer> refusedVectors = new TreeSet<>();
    int notifyOffset = -1;

    PciModel(ModelTransport device, int type, int messageCount) {
        super(device);
        space.putShort(0x00, (short) 0x1af4);
        space.putShort(0x02, (short) (0x1040 + type));
        // Memory is decoded; firmware has left the bus to the device.
        space.putShort(0x04, (short) 0x0002);
        space.putShort(0x06, (short) 0x0010);
        space.put(0x34, (byte) MSIX_AT);
        space.put(MSIX_AT, (byte) 0x11).put(MSIX_AT + 1, (byte) COMMON_AT);
        space.putShort(MSIX_AT + 2, (short) (VECTORS - 1));
        space.putInt(MSIX_AT + 4, 1);
        structure(COMMON_AT, ISR_AT, 1, 0, 0x1000);
        structure(ISR_AT, DEVICE_AT, 3, ISR, 0x1000);
        structure(DEVICE_AT, NOTIFY_AT, 4, DEVICE, 64);
        structure(NOTIFY_AT, PCI_CFG_AT, 2, NOTIFY, 0x1000);
        space.put(NOTIFY_AT + 2, (byte) 20).putInt(NOTIFY_AT + 16, MULTIPLIER);
        structure(PCI_CFG_AT, LAST_AT, 5, 0, 0);
        space.put(LAST_AT, (byte) 1);
        bars[1] = new Table();
        bars[4] = new Structures();
        for (int i = 0; i < messageCount; i++) {
            ModelInterrupt vector = new ModelInterrupt(false);
            vectors.add(vector);
            messages.add(new MessageInterrupt(vector, MESSAGE_ADDRESS, 0x40 + i));
        }
    }

    private void structure(int at, int next, int kind, int offset, int length) {
        space.put(at, (byte) 9).put(at + 1, (byte) next).put(at + 2, (byte) 16).put(at + 3, (byte) kind);
        space.put(at + 4, (byte) 4).putInt(at + 8, offset).putInt(at + 12, length);
    }

    int command() {
        return space.getShort(0x04);
    }

    @Override
    VirtioSlot slot() {
        return new PciFunction("pci:00:03.0", new Space(), Arrays.asList(bars), messages, line);
    }

    private boolean sendsMessages() {
        return (space.getShort(MSIX_AT + 2) & 0x8000) != 0;
    }

    /** With messages the table says what is written where; a line shows whether any cause is pending. */
    @Override
    void interrupt(int queue) {
        if (!sendsMessages()) {
            if (line != null) {
                line.assertLine(causes != 0 && (command() & 1 << 10) == 0);
            }
            return;
        }
        int vector = queue >= 0 ? queues[queue].vector : configVector;
        boolean config = queue < 0 && (causes & 2) != 0;
        if ((queue >= 0 || config) && vector != 0xffff) {
            send(vector);
        }
        causes = 0;
    }

    private void send(int vector) {
        boolean masked = (space.getShort(MSIX_AT + 2) & 0x4000) != 0 || (table.getInt(16 * vector + 12) & 1) != 0;
        if (masked || (command() & 4) == 0) {
            return;
        }
        int data = table.getInt(16 * vector + 8);
        if (table.getLong(16 * vector) == MESSAGE_ADDRESS) {
            vectors.get(data - 0x40).fire();
        }
    }

    private final class Space extends ModelRegisters {
        Space() {
            super(PciModel.this, 256);
        }

        @Override
        public int read16(long offset) {
            if (offset == 0) {
                lookedFor();
            }
            return super.read16(offset);
        }

        @Override
        long read(int offset, int bytes) {
            return switch (bytes) {
                case 1 -> space.get(offset);
                case 2 -> space.getShort(offset);
                default -> space.getInt(offset);
            };
        }

        @Override
        void write(int offset, int bytes, long value) {
            if (bytes != 2 || (offset != 0x04 && offset != MSIX_AT + 2)) {
                throw never("A write into configuration space", offset, bytes);
            }
            space.putShort(offset, (short) value);
        }
    }

    private final class Table extends ModelRegisters {
        Table() {
            super(PciModel.this, 16 * VECTORS);
        }

        @Override
        long read(int offset, int bytes) {
            return table.getInt(offset);
        }

        @Override
        void write(int offset, int bytes, long value) {
            if (bytes != 4) {
                throw never("A write into the table", offset, bytes);
            }
            table.putInt(offset, (int) value);
        }
    }

    private final class Structures extends ModelRegisters {
        Structures() {
            super(PciModel.this, BAR_BYTES);
        }

        @Override
        long read(int offset, int bytes) {
            if (offset == ISR && bytes == 1) {
                int was = causes;
                acknowledge(was);
                return was;
            }
            if (offset >= DEVICE && offset < NOTIFY) {
                return config(offset - DEVICE, bytes);
            }
            return switch (offset << 4 | bytes) {
                case 4 << 4 | 4 -> deviceFeatures();
                case 16 << 4 | 2 -> configVector;
                case 20 << 4 | 1 -> readStatus();
                case 21 << 4 | 1 -> generation() & 0xff;
                case 24 << 4 | 2 -> PciModel.this.queueSize();
                case 26 << 4 | 2 -> queue().vector;
                case 28 << 4 | 2 -> queue().enabled;
                case 30 << 4 | 2 -> notifyOffset >= 0 ? notifyOffset : queueSelect;
                default -> throw never("A read", offset, bytes);
            };
        }

        @Override
        void write(int offset, int bytes, long value) {
            int bits = (int) value;
            if (offset >= NOTIFY) {
                int queue = (offset - NOTIFY) / MULTIPLIER;
                if (bytes != 2 || queue != bits) {
                    throw never("A ring for queue " + bits, offset, bytes);
                }
                doorbell(queue);
                return;
            }
            if (offset >= DEVICE) {
                configWritten(offset - DEVICE, bytes, value);
                return;
            }
            if (offset >= 32 && offset < 56 && bytes == 4) {
                place(offset, bits);
                return;
            }
            switch (offset << 4 | bytes) {
                case 4 -> deviceFeatureSelect = bits;
                case 8 << 4 | 4 -> driverFeatureSelect = bits;
                case 12 << 4 | 4 -> driverFeatures(bits);
                case 16 << 4 | 2 -> configVector = refusedVectors.contains(bits) ? 0xffff : bits;
                case 20 << 4 | 1 -> {
                    if (bits == 0) {
                        configVector = 0xffff;
                    }
                    writeStatus(bits);
                }
                case 22 << 4 | 2 -> queueSelect = bits;
                case 24 << 4 | 2 -> queue().size = bits;
                case 26 << 4 | 2 -> queue().vector = refusedVectors.contains(bits) ? 0xffff : bits;
                case 28 << 4 | 2 -> enable(bits);
                default -> throw never("A write", offset, bytes);
            }
        }

        private void place(int offset, int bits) {
            boolean high = (offset & 4) != 0;
            switch (offset & ~7) {
                case 32 -> queue().descriptors = half(queue().descriptors, high, bits);
                case 40 -> queue().driver = half(queue().driver, high, bits);
                default -> queue().device = half(queue().device, high, bits);
            }
        }
    }
}
