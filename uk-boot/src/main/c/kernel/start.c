// From the start info of PVH to the first thread of the JVM.
#include "../include/uk4j/tree.h"
#include "boot.h"
#include "cpu.h"
#include "file.h"
#include "interrupt.h"
#include "memory.h"
#include "program.h"
#include "thread.h"
#include "time.h"

// Where uk:image put the file tree, if it is part of this file: a note in boot.S.
extern const volatile uint64_t tree_note_physical, tree_note_bytes;

struct machine machine = {.cpus = 1};

// xen/include/public/arch-x86/hvm/start_info.h
struct start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp, memory_map;
    uint32_t memory_map_count, reserved;
};

struct module {
    uint64_t start, bytes, command_line, reserved;
};

// FIRMWARE_BYTES: what firmware may keep of the machine's memory for itself.
enum { START_MAGIC = 0x336ec578, SHOWN_AT_START = 1 << 30, FIRMWARE_BYTES = 4 << 20 };

// Firmware's word, so it is checked: boot.S shows the first GiB alone.
static const void *shown(uint64_t physical, uint64_t bytes) {
    if (!physical || physical + bytes < physical || physical + bytes > SHOWN_AT_START) {
        machine_exit(EXIT_BOOT, "the start info names 0x%lx, %lu bytes, which is not below 1 GiB", physical, bytes);
    }
    return direct(physical);
}

static void read_start_info(uint32_t physical) {
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
        const struct module *module = shown(info.modules, sizeof *module);
        machine.tree_physical = module->start;
        machine.tree_bytes = module->bytes;
    }
}

const char *boot_word(const char *name) {
    size_t length = strlen(name);
    for (const char *at = machine.command_line; *at; at++) {
        bool word = at == machine.command_line || at[-1] == ' ';
        if (word && !strncmp(at, name, length) && at[length] == '=') {
            return at + length + 1;
        }
    }
    return NULL;
}

uint64_t parse_number(const char *text) {
    uint64_t value = 0;
    unsigned base = 10;
    if (text[0] == '0' && text[1] == 'x') {
        base = 16;
        text += 2;
    }
    for (;; text++) {
        unsigned digit = *text >= 'a' ? (unsigned) (*text - 'a') + 10 : (unsigned) (*text - '0');
        if (digit >= base) {
            return value;
        }
        value = value * base + digit;
    }
}

static void start_memory(void) {
    extern char kernel_end[];
    struct memory_range reserved[] = {
        {0, (uint64_t) kernel_end - KERNEL_BASE},
        {ALIGN_DOWN(machine.tree_physical, PAGE_SIZE), ALIGN_UP(machine.tree_physical + machine.tree_bytes, PAGE_SIZE)}};
    memory_start(reserved, COUNT_OF(reserved));
    memory_protect_kernel();
}

static void start_tree(void) {
    if (!machine.tree_bytes) {
        machine_exit(EXIT_IMAGE, "there is no file tree: neither in the image nor as a module (QEMU: -initrd)");
    }
    if (machine.tree_physical % PAGE_SIZE || !memory_is_ram(machine.tree_physical, machine.tree_bytes)) {
        machine_exit(EXIT_IMAGE, "the file tree at 0x%lx, %lu bytes, is not on a page of memory", machine.tree_physical, machine.tree_bytes);
    }
    files_start(direct(machine.tree_physical), machine.tree_bytes);
    files_open_console();
}

// The image says how much memory it is made for. It may do with less; if it does not, the console has said why.
static void check_memory(void) {
    struct file *file = file_open_kernel("/uk/memory");
    char text[32] = {0};
    if (!file) {
        return;
    }
    file_read_kernel(file, text, sizeof text - 1, 0);
    file_put(file);
    machine.needed_bytes = parse_number(text);
    if (machine.needed_bytes > machine.memory_bytes + FIRMWARE_BYTES) {
        print("boot: this image needs %lu MiB of memory, and the machine has %lu MiB (QEMU: -m %luM)\n", machine.needed_bytes >> 20,
              machine.memory_bytes >> 20, (machine.needed_bytes + (1 << 20) - 1) >> 20);
    }
}

// boot.S calls this on the boot stack with the physical address of the start info.
_Noreturn void start(uint32_t start_info) {
    static struct thread boot_thread = {.name = "boot", .running = true};
    cpu_claim(&cpus[0]);
    cpus[0].current = &boot_thread;
    console_start();
    read_start_info(start_info);
    cpu_enable();
    start_memory();
    clock_start();
    acpi_start();
    apic_start();
    random_start();
    futexes_start();
    struct thread *idle = thread_create_kernel(idle_loop);
    if (!idle) {
        machine_exit(EXIT_MEMORY, "no memory for a first thread");
    }
    cpus_start(idle);
    cpus[0].current = &boot_thread;
    interrupts_start();
    start_tree();
    image_verify();
    check_memory();
    struct thread *program = program_load();
    thread_start(program);
    schedule_enter(idle);
}
