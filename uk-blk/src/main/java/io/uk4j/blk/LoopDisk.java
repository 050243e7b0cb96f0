package io.uk4j.blk;

import io.uk4j.core.DeviceException;
import io.uk4j.core.Duty;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import io.uk4j.sched.Loop;
import io.uk4j.sched.LoopCall;
import io.uk4j.sched.LoopEndedException;
import java.util.function.Consumer;

/** A disk whose device a loop polls; each caller has a request of its own. */
final class LoopDisk extends WaitingDisk {
    private static final int BATCH = 64;

    private final Loop loop;
    private final Below below;
    private final Duty duty = new DeviceDuty();
    private boolean ended;

    private LoopDisk(Loop loop, BlockDevice device) {
        super(device.info());
        this.loop = loop;
        below = new Below(device);
    }

    static Disk attach(Loop loop, BlockDevice device) {
        LoopDisk disk = new LoopDisk(loop, device);
        disk.onLoop(() -> {
            loop.waiter().register(device.source());
            loop.add(disk.duty);
        });
        return disk;
    }

    private final class DeviceDuty implements Duty {
        @Override
        public int poll(long nowNs) {
            return below.poll(BATCH);
        }

        @Override
        public long nextDeadlineNs() {
            return below.gone() == null ? below.device().nextDeadlineNs() : NO_DEADLINE;
        }

        @Override
        public boolean arm() {
            return below.arm();
        }
    }

    /** One request and the thread that waits for it. */
    private final class Call extends LoopCall {
        private final BlockRequest request = new BlockRequest(1, this::completed);
        private boolean submitted;
        private boolean done;
        private int status;

        Call() {
            super(loop);
        }

        private void completed(BlockRequest ignored, int newStatus) {
            status = newStatus;
            done = true;
            advance();
        }

        @Override
        protected boolean attempt() {
            if (!submitted) {
                DeviceException gone = below.gone();
                if (gone != null) {
                    throw gone;
                }
                if (ended) {
                    throw new IllegalStateException("This disk was closed or given back.");
                }
                if (!canWait()) {
                    // The caller gets its buffer back at once, so the device must not have it.
                    return false;
                }
                below.submit(request);
                submitted = true;
            }
            return done;
        }

        int await() {
            boolean interrupted = false;
            while (true) {
                try {
                    call();
                    break;
                } catch (InterruptedException _) {
                    // The device has the buffer: there is no way but to wait on.
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return status;
        }
    }

    @Override
    int run(Consumer<BlockRequest> preparation) {
        Call call = new Call();
        preparation.accept(call.request);
        info().check(call.request);
        return call.await();
    }

    @Override
    public BlockDevice detach() {
        onLoop(this::end);
        return below.device();
    }

    @Override
    public void close() {
        onLoop(() -> {
            if (!ended) {
                end();
                below.close();
            }
        });
    }

    private void end() {
        if (!ended) {
            ended = true;
            loop.remove(duty);
            loop.waiter().unregister(below.device().source());
        }
    }

    /** Runs something on the loop, or here if the loop has ended: then nobody else uses what belongs to it. */
    private void onLoop(Runnable task) {
        if (loop.inLoop()) {
            task.run();
            return;
        }
        boolean interrupted = false;
        while (true) {
            try {
                loop.call(() -> {
                    task.run();
                    return true;
                });
                break;
            } catch (InterruptedException _) {
                interrupted = true;
            } catch (LoopEndedException _) {
                task.run();
                break;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
