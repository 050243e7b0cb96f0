// Firmware for the host: a piece of the host's memory is the machine's first GiB, with what a hypervisor put there, and the kernel's way from
// the start info to its memory and ACPI's tables is gone in it.
#ifndef UK_TEST_FIRMWARE_H
#define UK_TEST_FIRMWARE_H

#include "boot.h"
#include "host.h"
#include "memory.h"

#define SHOWN_BYTES 0x40000000ul
#define KERNEL_FROM 0x100000ul  // where the kernel itself is said to lie
#define KERNEL_TO 0x180000ul
enum { START_MAGIC = 0x336ec578 };

struct start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp, memory_map;
    uint32_t memory_map_count, reserved;
};

struct module {
    uint64_t start, bytes, command_line, reserved;
};

void firmware_start(void);
// Reads the start info at a physical address and what it leads to. -1, or the code with which the machine ended; a panic if what the kernel
// took for memory is none, or anything else is not as it must be.
int firmware_boot(uint32_t start_info);
uint64_t firmware_added(void);                   // bytes of memory that the kernel took for its own
const uint32_t *firmware_processors(unsigned *count);

#endif
