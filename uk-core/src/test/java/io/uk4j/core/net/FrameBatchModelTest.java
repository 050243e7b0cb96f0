package io.uk4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares a batch with lists under random operations; the seed of a failing run stands in the test's name. */
class FrameBatchModelTest {
    private static final class Fragment {
        @Nullable
        ByteBuf buffer;

        int offset;
        int length;
    }

    private static final class Frame {
        final List<Fragment> fragments = new ArrayList<>();
        int flags;
        int gsoType;
        int gsoSize;
        int headerLength;
        int checksumStart;
        int checksumOffset;
    }

    private RandomGenerator random = new Random();
    private FrameBatch batch = new FrameBatch();
    private int frameLimit;
    private int fragmentLimit;
    private final List<Frame> model = new ArrayList<>();
    private Frame building = new Frame();

    /** Shared by many fragments, so that the counts tell a reference too many from one too few. */
    private final ByteBuf[] buffers = new ByteBuf[5];

    /** How many references of each the test itself holds. */
    private final int[] held = new int[buffers.length];

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void behavesAsListsDo(long seed) {
        random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            frameLimit = random.nextInt(1, 9);
            fragmentLimit = frameLimit + random.nextInt(12);
            batch = new FrameBatch(frameLimit, fragmentLimit);
            for (int i = 0; i < buffers.length; i++) {
                buffers[i] = Unpooled.buffer(1);
                held[i] = 1;
            }
            for (int step = 0; step < 200; step++) {
                doSomething();
                compare();
            }
            batch.clear();
            model.clear();
            building = new Frame();
            compare();
        }
    }

    private void doSomething() {
        switch (random.nextInt(12)) {
            case 0, 1, 2, 3 -> append();
            case 4 -> offload();
            case 5, 6, 7 -> endFrame();
            case 8 -> {
                batch.abandonFrame();
                building = new Frame();
            }
            case 9 -> take();
            case 10 -> remove(false);
            default -> remove(true);
        }
    }

    private void append() {
        Fragment fragment = new Fragment();
        int which = random.nextInt(buffers.length);
        fragment.buffer = buffers[which].retain();
        fragment.offset = random.nextInt(100);
        fragment.length = random.nextInt(2000);
        if (batch.fragmentSpace() == 0) {
            assertThrows(IllegalStateException.class, () -> batch.append(buffers[which], 0, 0));
            buffers[which].release();
            return;
        }
        batch.append(buffers[which], fragment.offset, fragment.length);
        building.fragments.add(fragment);
    }

    private void offload() {
        if (building.fragments.isEmpty()) {
            return;
        }
        building.flags = random.nextInt(4);
        building.gsoType = random.nextInt(256);
        building.gsoSize = random.nextInt(65_536);
        building.headerLength = random.nextInt(65_536);
        building.checksumStart = random.nextInt(65_536);
        building.checksumOffset = random.nextInt(65_536);
        batch.offload(
                building.flags,
                building.gsoType,
                building.gsoSize,
                building.headerLength,
                building.checksumStart,
                building.checksumOffset);
    }

    private void endFrame() {
        if (building.fragments.isEmpty()) {
            assertThrows(IllegalStateException.class, batch::endFrame);
            return;
        }
        batch.endFrame();
        model.add(building);
        building = new Frame();
    }

    private void take() {
        if (model.isEmpty()) {
            return;
        }
        int frame = random.nextInt(model.size());
        int index = random.nextInt(model.get(frame).fragments.size());
        Fragment fragment = model.get(frame).fragments.get(index);
        if (fragment.buffer == null) {
            assertThrows(IndexOutOfBoundsException.class, () -> batch.take(frame, index));
            return;
        }
        assertSame(fragment.buffer, batch.take(frame, index));
        hold(fragment.buffer);
        fragment.buffer = null;
    }

    private void remove(boolean release) {
        int count = random.nextInt(model.size() + 1);
        if (release) {
            batch.releaseFirst(count);
        } else {
            batch.dropFirst(count);
        }
        for (Frame frame : model.subList(0, count)) {
            for (Fragment fragment : frame.fragments) {
                if (!release && fragment.buffer != null) {
                    hold(fragment.buffer);
                }
            }
        }
        model.subList(0, count).clear();
    }

    private void hold(ByteBuf buffer) {
        held[indexOf(buffer)]++;
    }

    /** By identity: two buffers with the same contents are equal. */
    @SuppressWarnings("ReferenceEquality")
    private int indexOf(ByteBuf buffer) {
        int i = 0;
        while (buffers[i] != buffer) {
            i++;
        }
        return i;
    }

    private void compare() {
        int fragments = building.fragments.size();
        int[] counts = held.clone();
        count(building, counts);
        assertEquals(model.size(), batch.frames());
        assertEquals(model.isEmpty(), batch.isEmpty());
        assertEquals(frameLimit - model.size(), batch.frameSpace());
        for (int i = 0; i < model.size(); i++) {
            compare(model.get(i), i);
            count(model.get(i), counts);
            fragments += model.get(i).fragments.size();
        }
        assertEquals(model.size() == frameLimit ? 0 : fragmentLimit - fragments, batch.fragmentSpace());
        for (int i = 0; i < buffers.length; i++) {
            assertEquals(counts[i], buffers[i].refCnt());
        }
    }

    private void count(Frame frame, int[] counts) {
        for (Fragment fragment : frame.fragments) {
            if (fragment.buffer != null) {
                counts[indexOf(fragment.buffer)]++;
            }
        }
    }

    private void compare(Frame frame, int index) {
        assertEquals(frame.fragments.size(), batch.fragments(index));
        int bytes = 0;
        for (int i = 0; i < frame.fragments.size(); i++) {
            Fragment fragment = frame.fragments.get(i);
            if (fragment.buffer != null) {
                assertSame(fragment.buffer, batch.buffer(index, i));
            }
            assertEquals(fragment.offset, batch.offset(index, i));
            assertEquals(fragment.length, batch.length(index, i));
            bytes += fragment.length;
        }
        assertEquals(bytes, batch.frameBytes(index));
        assertEquals(frame.flags, batch.flags(index));
        assertEquals(frame.gsoType, batch.gsoType(index));
        assertEquals(frame.gsoSize, batch.gsoSize(index));
        assertEquals(frame.headerLength, batch.headerLength(index));
        assertEquals(frame.checksumStart, batch.checksumStart(index));
        assertEquals(frame.checksumOffset, batch.checksumOffset(index));
    }
}
