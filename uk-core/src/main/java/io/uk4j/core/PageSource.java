package io.uk4j.core;

/**
 * Memory in whole pages, with the address under which a device knows it. Arenas, packet pools and rings are cut from it.
 *
 * <p>Thread rule: shared. It is meant for set-up, not for the data path.
 */
public interface PageSource {
    /** The size of a page in bytes, a power of two. */
    int pageBytes();

    /**
     * Allocates zeroed memory, contiguous for the processor and for devices.
     *
     * @param bytes more than 0; rounded up to whole pages
     * @param alignment a power of two; of both addresses; at least the page size is given
     * @throws OutOfMemoryException if there is no such piece left; nothing was taken
     * @throws IllegalArgumentException if an argument is out of its range
     */
    Pages allocate(long bytes, long alignment);

    /**
     * Gives memory back. The caller makes sure that neither code nor device uses it any more.
     *
     * @param pages what {@link #allocate} of this source returned, not yet released
     * @throws IllegalArgumentException if it is from elsewhere or was released before
     */
    void release(Pages pages);
}
