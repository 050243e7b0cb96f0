package io.uk4j.testkit;

import static io.uk4j.testkit.Suites.assertRejects;
import static io.uk4j.testkit.Suites.failures;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.uk4j.core.Allocator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The suite takes a plain allocator that is right, and refuses those that are wrong in one respect. */
class AllocatorContractRejectsTest {
    private static Supplier<Allocator> subject = FirstFit::new;

    /** Run by the tests below, not by itself. */
    static class Subject extends AllocatorContract {
        @Override
        protected Allocator create() {
            return subject.get();
        }
    }

    private static void assertRejected(Supplier<Allocator> wrong, String test) {
        subject = wrong;
        assertRejects(Subject.class, test);
    }

    /** First fit over a map of what is allocated: as simple as can be. */
    private static class FirstFit implements Allocator {
        final TreeMap<Long, Long> allocated = new TreeMap<>();

        @Override
        public long tryAllocate(long size, long alignment) {
            if (size < 1 || alignment < 1 || Long.bitCount(alignment) != 1) {
                throw new IllegalArgumentException("size " + size + ", alignment " + alignment);
            }
            long at = 0;
            for (Map.Entry<Long, Long> range : allocated.entrySet()) {
                if (size <= range.getKey() - at) {
                    break;
                }
                at = (range.getKey() + range.getValue() + alignment - 1) & -alignment;
            }
            if (size > capacity() - at) {
                return NONE;
            }
            allocated.put(at, size);
            return at;
        }

        @Override
        public void free(long offset, long size) {
            if (!allocated.remove(offset, size)) {
                throw new IllegalArgumentException("Not allocated: " + size + " units at " + offset);
            }
        }

        @Override
        public long available() {
            return capacity()
                    - allocated.values().stream().mapToLong(size -> size).sum();
        }

        @Override
        public long capacity() {
            return 4096;
        }
    }

    @Test
    void takesOneThatIsRight() {
        subject = FirstFit::new;

        assertEquals(Map.of(), failures(Subject.class));
    }

    @Test
    void rejectsOverlap() {
        assertRejected(
                () -> new FirstFit() {
                    @Override
                    public long tryAllocate(long size, long alignment) {
                        long offset = super.tryAllocate(size, alignment);
                        // One unit too few is kept of large ranges.
                        if (offset != NONE && size > 40) {
                            allocated.put(offset, size - 1);
                        }
                        return offset;
                    }

                    @Override
                    public void free(long offset, long size) {
                        super.free(offset, size > 40 ? size - 1 : size);
                    }
                },
                "aRandomWalkNeverOverlapsNorLeaks");
    }

    @Test
    void rejectsDisregardOfAlignment() {
        assertRejected(
                () -> new FirstFit() {
                    @Override
                    public long tryAllocate(long size, long alignment) {
                        return super.tryAllocate(size, alignment > 8 ? 8 : alignment);
                    }
                },
                "rangesLieInsideAndAreAligned");
    }

    @Test
    void rejectsALeak() {
        assertRejected(
                () -> new FirstFit() {
                    @Override
                    public void free(long offset, long size) {
                        super.free(offset, size);
                        if (size > 16) {
                            allocated.put(offset, 1L);
                        }
                    }
                },
                "runsOutAndRecovers");
    }

    @Test
    void rejectsAWrongCountOfWhatIsAvailable() {
        assertRejected(
                () -> new FirstFit() {
                    @Override
                    public long available() {
                        return super.available() - (allocated.isEmpty() ? 0 : 1);
                    }
                },
                "availableFallsByWhatIsTakenAndRisesByWhatIsFreed");
    }

    @Test
    void rejectsSilenceAboutADoubleFree() {
        assertRejected(
                () -> new FirstFit() {
                    @Override
                    public void free(long offset, long size) {
                        allocated.remove(offset);
                    }
                },
                "refusesToFreeTwice");
    }

    @Test
    void rejectsAnExceptionInPlaceOfNone() {
        assertRejected(
                () -> new FirstFit() {
                    @Override
                    public long tryAllocate(long size, long alignment) {
                        long offset = super.tryAllocate(size, alignment);
                        if (offset == NONE) {
                            throw new IllegalStateException("full");
                        }
                        return offset;
                    }
                },
                "moreThanThereIsGivesNone");
    }
}
