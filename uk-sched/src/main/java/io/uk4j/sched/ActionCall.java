package io.uk4j.sched;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A call that is done at the first attempt. */
final class ActionCall<T extends @Nullable Object> extends LoopCall {
    private final Supplier<T> action;
    private @Nullable T result;

    ActionCall(Loop loop, Supplier<T> action) {
        super(loop);
        this.action = action;
    }

    @SuppressWarnings("NullAway") // Null only if T allows it.
    T get() throws InterruptedException {
        call();
        return result;
    }

    @Override
    protected boolean attempt() {
        result = action.get();
        return true;
    }
}
