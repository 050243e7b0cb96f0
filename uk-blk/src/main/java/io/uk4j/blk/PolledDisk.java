package io.uk4j.blk;

import io.uk4j.core.Clock;
import io.uk4j.core.Platform;
import io.uk4j.core.Waiter;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockRequest;
import java.util.function.Consumer;

/** A disk whose one caller polls the device. */
final class PolledDisk extends WaitingDisk {
    private static final int NONE = -1;
    private static final long LIMIT_NS = 60_000_000_000L;
    private static final int BATCH = 64;

    private final Below below;
    private final Clock clock;
    private final Waiter waiter;
    private final BlockRequest request = new BlockRequest(1, (_, newStatus) -> status = newStatus);
    private int status = NONE;
    private boolean ended;

    PolledDisk(Platform platform, BlockDevice device) {
        super(device.info());
        below = new Below(device);
        clock = platform.clock();
        waiter = platform.newWaiter();
        waiter.register(device.source());
    }

    @Override
    int run(Consumer<BlockRequest> preparation) {
        if (ended) {
            throw new IllegalStateException("This disk was closed or given back.");
        }
        preparation.accept(request);
        info().check(request);
        status = NONE;
        below.submit(request);
        long limitNs = clock.nowNs() + LIMIT_NS;
        while (status == NONE) {
            if (below.poll(BATCH) == 0 && !below.arm()) {
                waiter.await(Layer.earlier(limitNs, below.device().nextDeadlineNs()));
            }
            if (status == NONE && clock.nowNs() - limitNs >= 0) {
                below.close();
            }
        }
        if (below.gone() != null) {
            throw below.gone();
        }
        return status;
    }

    @Override
    public BlockDevice detach() {
        end();
        return below.device();
    }

    @Override
    public void close() {
        if (!ended) {
            end();
            below.close();
        }
    }

    private void end() {
        if (!ended) {
            ended = true;
            waiter.unregister(below.device().source());
            waiter.close();
        }
    }
}
