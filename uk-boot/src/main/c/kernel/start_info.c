// The start info of PVH: what the machine is, in the words of whoever started it.
#include "boot.h"
#include "memory.h"

// Where uk:image put the file tree, if it is part of this file: a note in boot.S.
extern const volatile uint64_t tree_note_physical, tree_note_bytes;

// xen/include/public/arch-x86/hvm/start_info.h
struct start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp, memory_map;
    uint32_t memory_map_count, reserved;
};

struct module {
    uint64_t start, bytes, command_line, reserved;
};

enum { START_MAGIC = 0x336ec578, SHOWN_AT_START = 1 << 30 };

// Firmware's word, so it is checked: boot.S shows the first GiB alone.
static const void *shown(uint64_t physical, uint64_t bytes) {
    if (!physical || physical + bytes < physical || physical + bytes > SHOWN_AT_START) {
        machine_exit(EXIT_BOOT, "the start info names 0x%lx, %lu bytes, which is not below 1 GiB", physical, bytes);
    }
    return direct(physical);
}

void start_info_read(uint32_t physical) {
    struct start_info info;
    memcpy(&info, shown(physical, sizeof info), sizeof info);
    if (info.magic != START_MAGIC || info.version < 1) {
        machine_exit(EXIT_BOOT, "not started by PVH: magic %x, version %u at 0x%x; the start info must have a memory map (version 1)",
                     info.magic, info.version, physical);
    }
    if (!info.memory_map_count || info.memory_map_count > MEMORY_MAP_LIMIT) {
        machine_exit(EXIT_BOOT, "the start info has %u memory ranges; 1 to %u are expected", info.memory_map_count, MEMORY_MAP_LIMIT);
    }
    machine.memory_map_count = info.memory_map_count;
    uint64_t map_bytes = info.memory_map_count * sizeof *machine.memory_map;
    memcpy(machine.memory_map, shown(info.memory_map, map_bytes), map_bytes);
    for (unsigned i = 0; i < machine.memory_map_count; i++) {
        const struct memory_map_entry *e = &machine.memory_map[i];
        if (e->start + e->bytes < e->start) {
            machine_exit(EXIT_BOOT, "memory range %u of the start info is at 0x%lx, 0x%lx bytes: that ends behind all addresses", i, e->start, e->bytes);
        }
    }
    if (info.command_line) {
        const char *text = shown(info.command_line, sizeof machine.command_line);
        size_t length = 0;
        while (text[length]) {
            if (++length == sizeof machine.command_line) {
                machine_exit(EXIT_BOOT, "the command line has more than %u bytes", (unsigned) sizeof machine.command_line - 1);
            }
        }
        memcpy(machine.command_line, text, length + 1);
    }
    machine.rsdp = info.rsdp;
    machine.tree_physical = tree_note_physical;
    machine.tree_bytes = tree_note_bytes;
    if (info.module_count) {
        struct module module;
        memcpy(&module, shown(info.modules, sizeof module), sizeof module);
        machine.tree_physical = module.start;
        machine.tree_bytes = module.bytes;
    }
    if (machine.tree_bytes && (machine.tree_physical % PAGE_SIZE || !memory_holds(machine.tree_physical, machine.tree_bytes))) {
        machine_exit(EXIT_IMAGE, "the file tree at 0x%lx, %lu bytes, is not on a page of memory", machine.tree_physical, machine.tree_bytes);
    }
}
