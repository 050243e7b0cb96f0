package io.uk4j.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;

/** Random requests to a device, several at a time that do not overlap, all of them noted in a model. */
final class CrashWorkload {
    private static final int UNITS_LIMIT = 8;

    private final BlockDevice device;
    private final PolledDevice polled;
    private final PowerLine line;
    private final CrashModel model;
    private final int unitBytes;
    private final SplittableRandom random;
    private final List<Running> running = new ArrayList<>();
    private int numbers;

    CrashWorkload(
            BlockDevice device,
            Runnable idle,
            PowerLine line,
            CrashModel model,
            int unitBytes,
            SplittableRandom random) {
        this.device = device;
        polled = new PolledDevice(device, idle);
        this.line = line;
        this.model = model;
        this.unitBytes = unitBytes;
        this.random = random;
    }

    /** A request under way. */
    private final class Running {
        final int first;
        final int units;
        final ByteBuf buffer;

        Running(int first, int units) {
            this.first = first;
            this.units = units;
            int bytes = Math.max(1, units * unitBytes);
            buffer = Unpooled.directBuffer(bytes, bytes);
        }

        boolean overlaps(int otherFirst, int otherUnits) {
            return first < otherFirst + otherUnits && otherFirst < first + units;
        }

        private void ended() {
            running.remove(this);
            buffer.release();
        }

        void write() {
            int number = ++numbers;
            byte[] bytes = new byte[units * unitBytes];
            for (int i = 0; i < units; i++) {
                CrashModel.fill(bytes, i * unitBytes, unitBytes, number, first + i);
            }
            buffer.setBytes(0, bytes);
            BlockRequest request = change(number);
            submit(request.transfer(Operation.WRITE, (long) first * unitBytes).add(buffer, 0, bytes.length));
        }

        void range(Operation operation, int number) {
            submit(change(number).range(operation, (long) first * unitBytes, (long) units * unitBytes));
        }

        private BlockRequest change(int number) {
            CrashModel.Write write = model.begin(number, first, units, line.tick());
            return new BlockRequest(1, (_, status) -> {
                long now = line.tick();
                // What failed may have happened in part, for ever.
                write.completed = status == BlockRequest.OK ? now : PowerLine.NEVER;
                ended();
            });
        }

        void flush() {
            long submitted = line.tick();
            submit(new BlockRequest(1, (_, status) -> {
                        long now = line.tick();
                        if (status == BlockRequest.OK) {
                            model.flushed(submitted, now);
                        }
                        ended();
                    })
                    .flush());
        }

        private void submit(BlockRequest request) {
            running.add(this);
            polled.submit(request);
        }
    }

    /**
     * Runs it to its end.
     *
     * @param steps how many requests
     * @param depth how many at a time
     * @param beforeEach told of each step
     */
    void run(int steps, int depth, IntConsumer beforeEach) {
        int perSector = device.info().sectorBytes() / unitBytes;
        int sectors = Math.toIntExact(device.info().sectors());
        for (int step = 0; step < steps; step++) {
            beforeEach.accept(step);
            int kind = random.nextInt(20);
            int count = random.nextInt(1, Math.min(UNITS_LIMIT, sectors) + 1);
            int first = random.nextInt(sectors - count + 1);
            if (kind < 5) {
                new Running(0, 0).flush();
            } else {
                Running next = new Running(first * perSector, count * perSector);
                polled.until(
                        () -> running.stream().noneMatch(each -> each.overlaps(next.first, next.units)),
                        "the end of what overlaps");
                switch (kind) {
                    case 5, 6 -> next.range(Operation.WRITE_ZEROES, CrashModel.Write.ZEROES);
                    case 7 -> next.range(Operation.DISCARD, CrashModel.Write.DISCARD);
                    default -> next.write();
                }
            }
            polled.until(() -> running.size() < depth, "the end of a request");
        }
        polled.until(running::isEmpty, "the end of all requests");
    }
}
