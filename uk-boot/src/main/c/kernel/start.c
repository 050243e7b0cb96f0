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

// What firmware may keep of the machine's memory for itself.
enum { FIRMWARE_BYTES = 4 << 20 };

struct machine machine = {.cpus = 1};

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

static void start_tree(void) {
    if (!machine.tree_bytes) {
        machine_exit(EXIT_IMAGE, "there is no file tree: neither in the image nor as a module (QEMU: -initrd)");
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
    extern char kernel_end[];
    static struct thread boot_thread = {.name = "boot", .running = true};
    cpu_claim(&cpus[0]);
    cpus[0].current = &boot_thread;
    console_start();
    start_info_read(start_info);
    cpu_enable();
    memory_start((uint64_t) kernel_end - KERNEL_BASE);
    memory_protect_kernel();
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
