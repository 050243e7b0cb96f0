package io.uk4j.mm;

import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The slots of one size, and a list of those that came back: last in, first out, for the sake of warm caches. */
final class SlotClass {
    private static final Set<String> OWN_FRAMES = Set.of(SlotClass.class.getName(), PacketPool.class.getName());

    final int slotBytes;
    final int writableBytes;
    final int slots;
    final Counter acquired;
    final Counter refused;
    final Counter overflowed;

    private final int headroomBytes;
    private final BooleanSupplier onLoop;

    /** Who acquired each buffer that is out, where that is tracked. */
    private final @Nullable IdentityHashMap<PoolBuffer, Throwable> holders;

    /** The memory of the slots, in pieces for several. */
    private final List<PageArena.Piece> runs = new ArrayList<>();

    /** The slots that came back, the one put back last at the end: taking one touches none of those below it. */
    private final @Nullable PoolBuffer[] stack;

    // Written by the loop; a gauge may read them from elsewhere and is content with values of a moment ago.
    private int stacked;

    /** How many slots were never handed out: their buffers are made when it comes to them. */
    private int untouched;

    private int run;
    private long runOffset;

    SlotClass(PacketPool.SizeClass size, PacketPool.Builder builder, PageArena arena) {
        slotBytes = size.slotBytes();
        headroomBytes = builder.headroomBytes;
        writableBytes = slotBytes - headroomBytes;
        slots = size.slots();
        stack = new PoolBuffer[slots];
        onLoop = builder.onLoop;
        Counters counters =
                builder.counters == null ? null : builder.counters.with("class", Integer.toString(slotBytes));
        acquired = counter(counters, "uk_mm_pool_acquired_total", "Packet buffers handed out.");
        refused = counter(
                counters,
                "uk_mm_pool_refused_total",
                "Requests for a packet buffer refused, by the smallest class that fitted.");
        overflowed = counter(
                counters,
                "uk_mm_pool_overflowed_total",
                "Requests for a packet buffer that took one of a larger class.");
        if (counters != null) {
            counters.gauge("uk_mm_pool_in_use", "Packet buffers in use.", this::inUse);
            counters.gauge("uk_mm_pool_slots", "Packet buffers in all.", () -> slots);
        }
        // An ordinary map would call the buffers' hashCode, which reads their bytes.
        holders = builder.trackLeaks ? new IdentityHashMap<>() : null;
        long alignment =
                Math.max(PacketPool.CACHE_LINE_BYTES, Math.min(Integer.lowestOneBit(slotBytes), builder.pageBytes()));
        for (int left = slots; left > 0; ) {
            PageArena.Piece piece = arena.allocateRun(slotBytes, left, alignment);
            runs.add(piece);
            left -= (int) (piece.segment().byteSize() / slotBytes);
        }
        untouched = slots;
    }

    private static Counter counter(@Nullable Counters counters, String name, String help) {
        return counters == null ? new Counter() : counters.counter(name, help);
    }

    /** Takes the slot that was put back last, or one that was never handed out; null if there is neither. */
    @Nullable
    PoolBuffer tryTake() {
        assert onLoop.getAsBoolean() : "a buffer is acquired outside the loop that owns the pool";
        int top = stacked - 1;
        PoolBuffer buffer = top < 0 ? tryMake() : stack[top];
        if (buffer == null) {
            return null;
        }
        if (top >= 0) {
            stack[top] = null;
            stacked = top;
        }
        acquired.increment();
        buffer.acquired(headroomBytes);
        if (holders != null) {
            holders.put(buffer, new Throwable());
        }
        return buffer;
    }

    /** Whether the caller may touch the pool and its buffers; for assertions. */
    boolean onLoop() {
        return onLoop.getAsBoolean();
    }

    void put(PoolBuffer buffer) {
        if (holders != null) {
            holders.remove(buffer);
        }
        stack[stacked++] = buffer;
    }

    /** Makes the buffer of a slot that was never used. To make all of them at once would take longer than all else in a small appliance. */
    private @Nullable PoolBuffer tryMake() {
        if (untouched == 0 || runs.isEmpty()) {
            return null;
        }
        PageArena.Piece piece = runs.get(run);
        PoolBuffer buffer =
                new PoolBuffer(this, piece.segment().asSlice(runOffset, slotBytes), piece.deviceAddress() + runOffset);
        untouched--;
        runOffset += slotBytes;
        if (runOffset == piece.segment().byteSize()) {
            run++;
            runOffset = 0;
        }
        return buffer;
    }

    /** Forgets all slots, so that nobody acquires one any more. */
    void drop() {
        Arrays.fill(stack, null);
        runs.clear();
    }

    int free() {
        return stacked + untouched;
    }

    int inUse() {
        return slots - free();
    }

    /** Appends where each buffer that is out was acquired, as far as that was tracked; the same place is told once. */
    void describeHolders(StringBuilder text, int placeLimit) {
        if (holders == null) {
            return;
        }
        Map<String, Integer> places = new LinkedHashMap<>();
        for (Throwable holder : holders.values()) {
            StringBuilder place = new StringBuilder();
            for (StackTraceElement frame : holder.getStackTrace()) {
                if (!OWN_FRAMES.contains(frame.getClassName())) {
                    place.append("\n    at ").append(frame);
                }
            }
            places.merge(place.toString(), 1, Integer::sum);
        }
        places.entrySet().stream()
                .limit(placeLimit)
                .forEach(place -> text.append("\n  ")
                        .append(place.getValue())
                        .append(" of ")
                        .append(slotBytes)
                        .append(" bytes acquired")
                        .append(place.getKey()));
        if (places.size() > placeLimit) {
            text.append("\n  and from ").append(places.size() - placeLimit).append(" more places");
        }
    }
}
