package io.uk4j.virtio.driver;

import io.uk4j.virtio.transport.MmioDevice;
import io.uk4j.virtio.transport.VirtioSlot;

/** A device with registers in memory, as VIRTIO 1.3, section 4.2, describes it. */
final class MmioModel extends RegisterModel {
    private final int type;
    private final ModelInterrupt line;

    // What may be wrong with it.
    int magic = 0x7472_6976;
    int version = 2;
    int sizeBytes = 0x100 + 64;
    boolean neverReady;

    MmioModel(ModelTransport device, int type, boolean level) {
        super(device);
        this.type = type;
        line = new ModelInterrupt(level);
    }

    @Override
    VirtioSlot slot() {
        return new MmioDevice("mmio:0xfeb00e00", new Bank(sizeBytes), line);
    }

    @Override
    void interrupt(int queue) {
        line.assertLine(causes != 0);
    }

    private final class Bank extends ModelRegisters {
        Bank(long size) {
            super(MmioModel.this, size);
        }

        @Override
        public int read32(long offset) {
            if (offset == 0) {
                lookedFor();
            }
            return super.read32(offset);
        }

        @Override
        long read(int offset, int bytes) {
            if (offset >= 0x100) {
                return config(offset - 0x100, bytes);
            }
            if (bytes != 4) {
                throw never("A read", offset, bytes);
            }
            return switch (offset) {
                case 0x000 -> magic;
                case 0x004 -> version;
                case 0x008 -> type;
                case 0x010 -> deviceFeatures();
                case 0x034 -> MmioModel.this.queueSize();
                case 0x044 -> queue().enabled;
                case 0x060 -> causes | 0x100;
                case 0x070 -> readStatus();
                case 0x0fc -> generation();
                default -> throw never("A read", offset, bytes);
            };
        }

        @Override
        void write(int offset, int bytes, long value) {
            int bits = (int) value;
            if (offset >= 0x100) {
                configWritten(offset - 0x100, bytes, value);
                return;
            }
            if (bytes != 4) {
                throw never("A write", offset, bytes);
            }
            if (offset >= 0x80 && offset < 0xa8) {
                place(offset, bits);
                return;
            }
            switch (offset) {
                case 0x014 -> deviceFeatureSelect = bits;
                case 0x020 -> driverFeatures(bits);
                case 0x024 -> driverFeatureSelect = bits;
                case 0x030 -> queueSelect = bits;
                case 0x038 -> queue().size = bits;
                case 0x044 -> {
                    if (!neverReady) {
                        enable(bits);
                    }
                }
                case 0x050 -> doorbell(bits);
                case 0x064 -> {
                    if ((bits & ~3) != 0) {
                        throw new AssertionError("Causes that are not defined are acknowledged: " + bits);
                    }
                    acknowledge(bits);
                }
                case 0x070 -> writeStatus(bits);
                default -> throw never("A write", offset, bytes);
            }
        }

        private void place(int offset, int bits) {
            boolean high = (offset & 4) != 0;
            switch (offset & ~4) {
                case 0x80 -> queue().descriptors = half(queue().descriptors, high, bits);
                case 0x90 -> queue().driver = half(queue().driver, high, bits);
                case 0xa0 -> queue().device = half(queue().device, high, bits);
                default -> throw never("A write", offset, 4);
            }
        }
    }
}
