package io.uk4j.blk;

import io.uk4j.core.block.BlockRequest;
import io.uk4j.core.block.BlockRequest.Operation;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets requests that have bytes in common, and of which at least one changes them, be under way one after the other, in the order in which
 * they came. Those that only read share. There are never more of them than the layer has operations, so that looking at each is cheap.
 */
final class RangeLocks {
    private final List<Holder> held = new ArrayList<>();
    private final List<Holder> waiting = new ArrayList<>();

    /** An operation that wants the range of its request: not a flush, which has none. */
    abstract static class Holder extends Layer.Op {
        /** The range is the holder's, who had to wait for it. May give it back at once. */
        abstract void locked();
    }

    /** Takes the range of a request; false if the holder is told later. */
    boolean take(Holder holder) {
        if (isWanted(holder, waiting.size())) {
            waiting.add(holder);
            return false;
        }
        held.add(holder);
        return true;
    }

    /** Gives a range back. Whoever waited for it is told. */
    void giveBack(Holder holder) {
        held.remove(holder);
        for (int i = 0; i < waiting.size(); i++) {
            Holder next = waiting.get(i);
            if (!isWanted(next, i)) {
                waiting.remove(i);
                held.add(next);
                next.locked();
                // It may have given it back, which goes through all who wait.
                i = -1;
            }
        }
    }

    /** Whether somebody has a part of a range, or came earlier and waits for it. */
    private boolean isWanted(Holder holder, int earlier) {
        for (int i = 0; i < held.size(); i++) {
            if (conflict(holder.request(), held.get(i).request())) {
                return true;
            }
        }
        for (int i = 0; i < earlier; i++) {
            if (conflict(holder.request(), waiting.get(i).request())) {
                return true;
            }
        }
        return false;
    }

    private static boolean conflict(BlockRequest a, BlockRequest b) {
        return (a.operation() != Operation.READ || b.operation() != Operation.READ)
                && a.offsetBytes() < b.offsetBytes() + b.lengthBytes()
                && b.offsetBytes() < a.offsetBytes() + a.lengthBytes();
    }
}
