// Physical memory, DMA memory, ports, entropy and power for Java.
#include "hardware.h"
#include "cpu.h"
#include "interrupt.h"
#include "memory.h"
#include "thread.h"
#include "time.h"

enum { DMA_LIMIT = 1024, PORT_PIC_FIRST = 0x20, PORT_PIC_SECOND = 0xa0 };

static struct lock lock = LOCK_INIT("dma");
static struct dma {
    uint64_t address;
    void *block;
    uint64_t bytes;
} blocks[DMA_LIMIT];

long sys_uk_info(struct uk_info *to) {
    struct uk_info info = {.abi_version = UK_ABI_VERSION, .cpus = machine.cpus, .memory_bytes = pages_total() * PAGE_SIZE, .rsdp = machine.rsdp,
        .tsc_hz = tsc_hz, .interrupt_counts = interrupt_counts_address(), .tree_physical = machine.tree_physical,
        .tree_bytes = machine.tree_bytes};
    return copy_out(to, &info, sizeof info);
}

long sys_uk_map(uint64_t physical, uint64_t bytes, int cache) {
    if (!bytes || (physical | bytes) % PAGE_SIZE || physical + bytes < physical || physical + bytes > PTE_ADDRESS + PAGE_SIZE
        || (cache != UK_CACHED && cache != UK_UNCACHED)) {
        return -EINVAL;
    }
    // RAM that is not managed is firmware's tables, or the boot layer itself and the image: of registers there are none.
    bool ram = memory_is_ram(physical, bytes);
    if (pages_manages(physical, bytes) || (ram && cache == UK_UNCACHED)) {
        return -EPERM;
    }
    return map_physical(0, physical, bytes, ram ? PROT_READ : PROT_READ | PROT_WRITE, cache == UK_UNCACHED);
}

static struct dma *find(uint64_t address) {
    for (unsigned i = 0; i < DMA_LIMIT; i++) {
        if (blocks[i].address == address) {
            return &blocks[i];
        }
    }
    return NULL;
}

// Maps a block at an address that is aligned as the block itself is: reserves more, and gives up what is before and behind.
static long map_aligned(uint64_t physical, uint64_t bytes, uint64_t alignment) {
    if (alignment <= PAGE_SIZE) {
        return map_physical(0, physical, bytes, PROT_READ | PROT_WRITE, false);
    }
    long room = map_memory(0, bytes + alignment, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, NULL, 0);
    if (room < 0) {
        return room;
    }
    uint64_t start = (uint64_t) room, at = ALIGN_UP(start, alignment), end = start + bytes + alignment;
    if (at > start) {
        unmap_memory(start, at - start);
    }
    if (end > at + bytes) {
        unmap_memory(at + bytes, end - at - bytes);
    }
    long mapped = map_physical(at, physical, bytes, PROT_READ | PROT_WRITE, false);
    if (mapped < 0) {
        unmap_memory(at, bytes);
    }
    return mapped;
}

long sys_uk_dma_allocate(uint64_t bytes, uint64_t alignment, struct uk_dma *to) {
    if (!bytes || !alignment || (alignment & (alignment - 1)) || MAX(bytes, alignment) > PAGE_SIZE << ORDER_LIMIT) {
        return -EINVAL;
    }
    bytes = ALIGN_UP(MAX(bytes, alignment), PAGE_SIZE);
    void *block = pages_allocate_run(bytes / PAGE_SIZE);
    if (!block) {
        return -ENOMEM;
    }
    long address = map_aligned(physical_of(block), bytes, alignment);
    struct uk_dma result = {.address = (uint64_t) address, .physical = physical_of(block)};
    lock_acquire(&lock);
    struct dma *slot = address > 0 ? find(0) : NULL;
    if (slot) {
        *slot = (struct dma) {(uint64_t) address, block, bytes};
    }
    lock_release(&lock);
    if (!slot) {
        if (address > 0) {
            unmap_memory((uint64_t) address, bytes);
        }
        pages_free_run(block, bytes / PAGE_SIZE);
        return address > 0 ? -ENOSPC : address;
    }
    if (copy_out(to, &result, sizeof result)) {
        sys_uk_dma_free(result.address);
        return -EFAULT;
    }
    return 0;
}

long sys_uk_dma_free(uint64_t address) {
    enum { GOING = 1 };  // no address of a block: neither free nor to be freed again
    lock_acquire(&lock);
    struct dma *slot = address && address != GOING ? find(address) : NULL;
    if (slot) {
        slot->address = GOING;
    }
    lock_release(&lock);
    if (!slot) {
        return -EINVAL;
    }
    long error = unmap_memory(address, slot->bytes);
    if (!error) {
        pages_free_run(slot->block, slot->bytes / PAGE_SIZE);
    }
    lock_acquire(&lock);
    slot->address = error ? address : 0;  // memory for parting areas may be out: then all is as it was
    lock_release(&lock);
    return error;
}

static bool touches_pair(uint32_t port, unsigned width, uint32_t first) {
    return port < first + 2 && port + width > first;
}

static long check_port(uint32_t port, unsigned width) {
    if ((width != 1 && width != 2 && width != 4) || port > 0x10000 - width) {
        return -EINVAL;
    }
    bool ours = touches_pair(port, width, PORT_PIC_FIRST) || touches_pair(port, width, PORT_PIC_SECOND) || console_owns(port);
    return ours ? -EPERM : 0;
}

long sys_uk_port_read(uint32_t port, unsigned width) {
    long error = check_port(port, width);
    if (error) {
        return error;
    }
    return width == 1 ? in8((uint16_t) port) : width == 2 ? in16((uint16_t) port) : in32((uint16_t) port);
}

long sys_uk_port_write(uint32_t port, unsigned width, uint32_t value) {
    long error = check_port(port, width);
    if (error) {
        return error;
    }
    if (width == 1) {
        out8((uint16_t) port, (uint8_t) value);
    } else if (width == 2) {
        out16((uint16_t) port, (uint16_t) value);
    } else {
        out32((uint16_t) port, value);
    }
    return 0;
}

long sys_uk_entropy_add(const void *bytes, uint64_t count) {
    char part[256];
    if (count > 4096) {
        return -EINVAL;
    }
    for (uint64_t done = 0; done < count; done += sizeof part) {
        uint64_t size = MIN(sizeof part, count - done);
        if (copy_in(part, (const char *) bytes + done, size)) {
            return -EFAULT;
        }
        random_add(part, size);
    }
    memset(part, 0, sizeof part);
    return 0;
}

long sys_uk_power(int how, int code) {
    if (code < 0 || code > 125 || (how != UK_POWER_OFF && how != UK_REBOOT)) {
        return -EINVAL;
    }
    machine_end(code, how == UK_REBOOT);
}
