// What Java may ask of the boot layer beyond what Linux programs know: hardware. docs/boot.md has it as a page.
//
// Every call is made as a system call of x86-64 Linux is: number in RAX, arguments in RDI, RSI, RDX, R10, R8, R9; the result comes in
// RAX, and one from -4095 to -1 is a negated errno. From Java that is a downcall of libc's syscall(). Calls may be made from any thread.
// All addresses are bytes, all times nanoseconds of CLOCK_MONOTONIC.
#ifndef UK4J_ABI_H
#define UK4J_ABI_H

#include <stdint.h>

#define UK_ABI_VERSION 1

enum uk_call {
    // (struct uk_info *) -> 0. What machine this is.
    UK_INFO = 1024,
    // (physical, bytes, enum uk_cache) -> virtual address. Both must be multiples of 4096. EPERM where the range touches memory that the
    // boot layer manages, or is memory and to be uncached, as registers are; firmware tables are mapped for reading alone. munmap ends it.
    UK_MAP,
    // (bytes, alignment, struct uk_dma *) -> 0. Zeroed memory, contiguous for the processor and for devices; ENOMEM. bytes is rounded up to
    // whole pages; alignment is a power of two of at most 256 MiB, and so is the largest size.
    UK_DMA_ALLOCATE,
    // (virtual address from UK_DMA_ALLOCATE) -> 0. No device may use it any more. EINVAL if it is not one, or was freed before.
    UK_DMA_FREE,
    // (enum uk_interrupt_kind, line, struct uk_interrupt *) -> 0. ENOSPC if all are in use, ENODEV if the machine has no such line, EBUSY if
    // the line is open already.
    UK_INTERRUPT_OPEN,
    // (handle) -> 0. It comes no more. Waits for it go on; end them by another source first.
    UK_INTERRUPT_CLOSE,
    // (handle) -> 0. Lets a level-triggered line that came, and was masked for that, come again. Else without effect.
    UK_INTERRUPT_UNMASK,
    // (handle) -> 0. Counts once, as though the device had raised it: how threads wake each other.
    UK_INTERRUPT_RAISE,
    // (const struct uk_wait *, count, deadline) -> 0 as soon as one of up to UK_WAIT_LIMIT interrupts has another count than the one that was
    // seen; ETIMEDOUT at the deadline (INT64_MAX: never; one in the past only looks). EINTR if a signal came.
    UK_WAIT,
    // (port, width 1, 2 or 4) -> value. EINVAL for another width, EPERM for a port that is the boot layer's own.
    UK_PORT_READ,
    // (port, width 1, 2 or 4, value) -> 0, or as UK_PORT_READ.
    UK_PORT_WRITE,
    // (bytes, count up to 4096) -> 0. Stirs them into the generator behind getrandom.
    UK_ENTROPY_ADD,
    // (enum uk_power, exit code 0 to 125) -> does not return.
    UK_POWER,
    UK_CALL_END
};

struct uk_info {
    uint32_t abi_version;
    uint32_t cpus;
    uint64_t memory_bytes;      // all that the boot layer manages
    uint64_t rsdp;              // physical address of ACPI's root pointer, 0 if there is none
    uint64_t tsc_hz;            // frequency of the time-stamp counter
    uint64_t interrupt_counts;  // virtual address of uint64_t counts[UK_INTERRUPTS], read-only, by handle; they wrap
    uint64_t tree_physical;     // where the file tree of the image lies
    uint64_t tree_bytes;
};

enum uk_cache { UK_CACHED, UK_UNCACHED };

struct uk_dma {
    uint64_t address;   // virtual
    uint64_t physical;  // what a device is told
};

enum uk_interrupt_kind {
    UK_MESSAGE,     // a message of PCI (MSI, MSI-X); line is not used
    UK_LINE_EDGE,   // a global system interrupt, edge-triggered, active high
    UK_LINE_LEVEL,  // one that is level-triggered, active low, as INTx is; masked when it comes, until UK_INTERRUPT_UNMASK
    UK_SOFTWARE     // none of hardware: comes by UK_INTERRUPT_RAISE alone
};

#define UK_INTERRUPTS 128

struct uk_interrupt {
    uint32_t handle;           // below UK_INTERRUPTS
    uint32_t message_data;     // for UK_MESSAGE, what the device writes,
    uint64_t message_address;  // and where
};

#define UK_WAIT_LIMIT 64

struct uk_wait {
    uint32_t handle;
    uint32_t reserved;  // 0
    uint64_t seen;
};

enum uk_power { UK_POWER_OFF, UK_REBOOT };

#endif
