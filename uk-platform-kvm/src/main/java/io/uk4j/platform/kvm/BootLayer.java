package io.uk4j.platform.kvm;

import java.lang.foreign.MemorySegment;

/**
 * What the boot layer does for this platform (its {@code include/uk4j/abi.h}). Tests have a model of it.
 *
 * <p>Thread rule: shared.
 */
interface BootLayer {
    int EPERM = 1;
    int EINTR = 4;
    int ENOMEM = 12;
    int EBUSY = 16;
    int ENODEV = 19;
    int EINVAL = 22;
    int ENOSPC = 28;
    int ENOSYS = 38;
    int ETIMEDOUT = 110;

    int PAGE_BYTES = 4096;

    /** Interrupts there are in all, and the longest set that {@link #await} takes. */
    int INTERRUPT_LIMIT = 128;

    int WAIT_LIMIT = 64;

    /** Bytes of one element of the set that {@link #await} takes: handle (32 bits), zero (32 bits), count seen (64 bits). */
    int WAIT_BYTES = 16;

    /** Kinds of interrupts. */
    int MESSAGE = 0;

    int LINE_EDGE = 1;
    int LINE_LEVEL = 2;
    int SOFTWARE = 3;

    /** What machine this is. {@code rsdp} is the physical address of ACPI's root pointer, 0 if there is none. */
    record Machine(int cpus, long memoryBytes, long rsdp) {}

    /** Memory for devices: a mapping for the life of the process or until it is freed, and its physical address. */
    record Dma(MemorySegment segment, long physical) {}

    /** An open interrupt; a message has an address to which the device writes the data. */
    record Line(int handle, long messageAddress, int messageData) {}

    Machine machine();

    /**
     * Maps a physical range, for good.
     *
     * @param physical a multiple of the page size
     * @param bytes too
     * @throws io.uk4j.core.PlatformException if the range is the boot layer's own
     */
    MemorySegment map(long physical, long bytes, boolean cached);

    /** Memory in one piece, zeroed; null if there is not so much. Alignment is a power of two. */
    @org.jspecify.annotations.Nullable
    Dma allocate(long bytes, long alignment);

    void free(Dma dma);

    /**
     * Opens an interrupt.
     *
     * @param line the global system interrupt, for lines
     * @throws io.uk4j.core.PlatformException if all are in use, the machine has no such line, or it is open already
     */
    Line openInterrupt(int kind, int line);

    void closeInterrupt(int handle);

    void unmask(int handle);

    void raise(int handle);

    /** How often an interrupt has come; never a call. What a thread reads afterwards is at least as new. */
    long count(int handle);

    /**
     * Sleeps until a count differs from what the set says.
     *
     * @param set {@code count} elements of {@link #WAIT_BYTES}
     * @param deadlineNs in the time of {@link System#nanoTime}
     * @return 0, {@link #ETIMEDOUT} or {@link #EINTR}
     */
    int await(MemorySegment set, int count, long deadlineNs);

    int readPort(int port, int width);

    void writePort(int port, int width, int value);

    /** Fills native memory with random bytes. */
    void random(MemorySegment target);

    /** Stirs bytes, at most a page of them, into the generator that {@link #random} takes from. */
    void addEntropy(MemorySegment bytes);

    /** Resets the machine; does not return. */
    void reboot();
}
