package io.uk4j.mm;

/** Checks that the allocators share. */
final class Ranges {
    private Ranges() {}

    static void checkRequest(long size, long alignment) {
        if (size <= 0) {
            throw new IllegalArgumentException("A range of " + size + " units must have more than 0.");
        }
        if (alignment <= 0 || Long.bitCount(alignment) != 1) {
            throw new IllegalArgumentException("An alignment of " + alignment + " units is not a power of two.");
        }
    }

    static IllegalArgumentException notAllocated(long offset, long size) {
        return new IllegalArgumentException(
                "No range of " + size + " units from " + offset + " on is allocated as a whole.");
    }
}
